// Inbox: what other threads hand to a loop: posts, and operations the offload pool has completed.
#pragma once

#include <vector>

#include "base/mutex.h"
#include "runtime/callback.h"
#include "runtime/loop.h"

namespace dozo::runtime {

// Owned by a loop. A writer wakes the loop through an eventfd only when the loop sleeps, so posts to a busy loop cost
// a mutex and no system call.
class Inbox {
 public:
  Inbox();
  ~Inbox();
  Inbox(const Inbox&) = delete;
  Inbox& operator=(const Inbox&) = delete;

  int wake_fd() const { return wake_fd_; }  // blocking; 8 bytes to read after a wake

  // Any thread.
  void post(Callback callback);
  void complete(Operation& op);  // op.result is set
  void wake();                   // the next sleep ends at once

  // The loop's thread. prepare_to_sleep: false when something has come meanwhile. After a true, woke() when up again.
  bool prepare_to_sleep();
  void woke();
  // Runs the posts and resumes the waiters that were there when it was called; how many completed operations.
  std::size_t drain();
  // For a loop that ends: completed operations, not resumed; waits for one when there is none.
  std::size_t discard_completed();

 private:
  void wake_if_asleep() DOZO_REQUIRES(mutex_);

  int wake_fd_;
  Mutex mutex_;
  std::vector<Callback> posts_ DOZO_GUARDED_BY(mutex_);
  std::vector<Operation*> completed_ DOZO_GUARDED_BY(mutex_);
  bool asleep_ DOZO_GUARDED_BY(mutex_) = false;
  bool wake_requested_ DOZO_GUARDED_BY(mutex_) = false;
  std::vector<Callback> running_posts_;  // the loop's, kept for their capacity
  std::vector<Operation*> running_completed_;
};

}  // namespace dozo::runtime
