#include "runtime/offload_pool.h"

#include <pthread.h>

#include <condition_variable>
#include <deque>
#include <mutex>
#include <system_error>
#include <thread>

#include "runtime/thread_setup.h"

namespace dozo::runtime {
namespace {

class OffloadPool {
 public:
  // Never destroyed: its threads may be in a system call while the process ends.
  static OffloadPool& shared() {
    static auto* pool = new OffloadPool;
    return *pool;
  }

  void submit(const OffloadJob& job) {
    {
      const std::lock_guard lock(mutex_);
      jobs_.push_back(job);
      if (jobs_.size() > idle_ && threads_ < threads_max_ && start_thread()) ++threads_;
      if (threads_ > 0) {
        ready_.notify_one();
        return;
      }
      jobs_.pop_back();
    }
    finish(job);  // the system gives us no thread at all: better slow than never
  }

 private:
  static void finish(const OffloadJob& job) {
    job.function(job.context);
    job.inbox->complete(*job.op);
  }

  bool start_thread() {
    const BlockedSignals blocked;
    try {
      std::thread([this] { work(); }).detach();
      return true;
    } catch (const std::system_error&) {
      return false;  // at the limit of threads: those that run will do
    }
  }

  void work() {
    name_this_thread("dozo-offload");
    std::unique_lock lock(mutex_);
    for (;;) {
      ++idle_;
      while (jobs_.empty()) ready_.wait(lock);
      --idle_;
      const OffloadJob job = jobs_.front();
      jobs_.pop_front();
      lock.unlock();
      finish(job);
      lock.lock();
    }
  }

  const std::size_t threads_max_ = 2 * std::max(1u, std::thread::hardware_concurrency()) + 2;
  std::mutex mutex_;
  std::condition_variable ready_;
  std::deque<OffloadJob> jobs_;
  std::size_t idle_ = 0;
  std::size_t threads_ = 0;
};

}  // namespace

void submit_offload(const OffloadJob& job) { OffloadPool::shared().submit(job); }

}  // namespace dozo::runtime
