// InlineGuard: whether what the page cache should answer is done on the loop, or left to its ring or threads because
// the disk has lately been in the way.
#pragma once

#include <atomic>

#include "base/time.h"

namespace dozo::vfs::posix {

// How often this thread has waited for something: a disk, a lock. Who is preempted does not wait.
long times_blocked();

// One for each kind of transfer of a share; any loop. A transfer that took longer than kSlow may have met writeback or
// allocation, or just a busy machine that gave the processor to somebody else. The next slow one is looked at closely
// (which costs a system call): when the thread was blocked in it, the next kOffloaded go to the loop's ring or threads.
// So a busy disk costs the loop one delay in that many, and a busy machine none of its cached writes.
class InlineGuard {
 public:
  static constexpr Duration kSlow = std::chrono::milliseconds(2);
  static constexpr int kOffloaded = 256;

  // Whether the next transfer may be done here. False is counted.
  bool allows();
  // Of one that is: whether note() wants to know if it blocked.
  bool suspects() const { return suspects_.load(std::memory_order_relaxed); }
  // How it went; `blocked` means something only if suspects() was true before.
  void note(Duration took, bool blocked);
  void offload(int transfers) { to_offload_ = transfers; }

 private:
  std::atomic<int> to_offload_ = 0;
  std::atomic<bool> suspects_ = false;
};

}  // namespace dozo::vfs::posix
