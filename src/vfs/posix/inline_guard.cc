#include "vfs/posix/inline_guard.h"

#include <sys/resource.h>

namespace dozo::vfs::posix {

long times_blocked() {
  rusage usage{};
  if (getrusage(RUSAGE_THREAD, &usage) != 0) return 0;
  return usage.ru_nvcsw;
}

bool InlineGuard::allows() {
  if (to_offload_.load(std::memory_order_relaxed) <= 0) return true;
  --to_offload_;
  return false;
}

void InlineGuard::note(Duration took, bool blocked) {
  const bool suspected = suspects();
  const bool slow = took > kSlow;
  if (slow && suspected && blocked) to_offload_ = kOffloaded;
  // After an offloaded stretch the first slow one tells.
  if (slow != suspected) suspects_.store(slow, std::memory_order_relaxed);
}

}  // namespace dozo::vfs::posix
