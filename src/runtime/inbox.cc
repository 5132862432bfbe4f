#include "runtime/inbox.h"

#include <sys/eventfd.h>
#include <unistd.h>

#include "base/assert.h"

namespace dozo::runtime {

Inbox::Inbox() : wake_fd_(::eventfd(0, EFD_CLOEXEC)) { DOZO_ASSERT(wake_fd_ >= 0); }

Inbox::~Inbox() { ::close(wake_fd_); }

void Inbox::post(Callback callback) {
  const MutexLock lock(mutex_);
  posts_.push_back(std::move(callback));
  wake_if_asleep();
}

void Inbox::complete(Operation& op) {
  const MutexLock lock(mutex_);
  completed_.push_back(&op);
  wake_if_asleep();
}

void Inbox::wake() {
  const MutexLock lock(mutex_);
  wake_requested_ = true;
  wake_if_asleep();
}

// The write is under the lock: once it is free, the loop may go on to end and close the descriptor.
void Inbox::wake_if_asleep() {
  if (!std::exchange(asleep_, false)) return;
  const std::uint64_t one = 1;
  const auto written = ::write(wake_fd_, &one, sizeof one);
  DOZO_ASSERT(written == sizeof one);
}

bool Inbox::prepare_to_sleep() {
  const MutexLock lock(mutex_);
  if (std::exchange(wake_requested_, false) || !posts_.empty() || !completed_.empty()) return false;
  asleep_ = true;
  return true;
}

void Inbox::woke() {
  const MutexLock lock(mutex_);
  asleep_ = false;
}

std::size_t Inbox::drain() {
  {
    const MutexLock lock(mutex_);
    if (posts_.empty() && completed_.empty()) return 0;
    std::swap(posts_, running_posts_);
    std::swap(completed_, running_completed_);
  }
  const std::size_t count = running_completed_.size();
  for (Operation* op : running_completed_) op->waiter.resume();
  for (Callback& callback : running_posts_) callback();
  running_completed_.clear();
  running_posts_.clear();
  return count;
}

std::size_t Inbox::discard_completed() {
  for (;;) {
    {
      const MutexLock lock(mutex_);
      if (!completed_.empty()) {
        const std::size_t count = completed_.size();
        completed_.clear();
        return count;
      }
      asleep_ = true;
    }
    std::uint64_t ignored = 0;
    const auto got = ::read(wake_fd_, &ignored, sizeof ignored);
    DOZO_ASSERT(got == sizeof ignored || errno == EINTR);
  }
}

}  // namespace dozo::runtime
