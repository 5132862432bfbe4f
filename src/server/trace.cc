#include "server/trace.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

namespace dozo::server {

void TraceRing::add(const TraceEntry& entry) {
  const MutexLock lock(mutex_);
  entries_[count_++ % kEntries] = entry;
}

std::string TraceRing::dump() const {
  std::string out;
  const MutexLock lock(mutex_);
  for (std::uint64_t i = count_ < kEntries ? 0 : count_ - kEntries; i < count_; ++i) {
    const TraceEntry& e = entries_[i % kEntries];
    const auto at = std::chrono::time_point_cast<std::chrono::microseconds>(e.at);
    out += fmt::format("{:%H:%M:%S} connection={} session={:#x} message={} {} {} {}us\n", at, e.connection,
                       e.session.value(), e.message.value(), wire::to_string(e.command), to_string(e.status),
                       e.microseconds);
  }
  return out;
}

}  // namespace dozo::server
