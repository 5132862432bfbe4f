// Semaphore: units that are taken, waited for in the order of asking, and given back: bytes in flight, say.
#pragma once

#include <algorithm>
#include <coroutine>
#include <cstdint>
#include <deque>

#include "base/assert.h"

namespace dozo::runtime {

// One loop. The owner closes it and lets the waiters leave (a Gate) before it ends.
class Semaphore {
 public:
  explicit Semaphore(std::uint64_t units) : units_(units), free_(units) {}
  Semaphore(const Semaphore&) = delete;
  Semaphore& operator=(const Semaphore&) = delete;
  ~Semaphore() { DOZO_ASSERT(waiters_.empty()); }

  // co_await acquire(n): true with n units taken, false when the semaphore is closed. First come, first served: a
  // small request does not overtake a large one. More than there are in all counts as all of them; release() alike.
  auto acquire(std::uint64_t n) {
    return Awaiter{.semaphore = *this, .units = std::min(n, units_), .granted = false, .waiter = {}};
  }
  bool try_acquire(std::uint64_t n) {
    n = std::min(n, units_);
    if (closed_ || !waiters_.empty() || n > free_) return false;
    free_ -= n;
    return true;
  }
  // Resumes those whose turn has come, inside the call.
  void release(std::uint64_t n) {
    free_ += std::min(n, units_);
    DOZO_ASSERT(free_ <= units_);
    wake();
  }
  void close() {
    closed_ = true;
    wake();
  }

  std::uint64_t available() const { return free_; }
  std::uint64_t in_use() const { return units_ - free_; }
  std::size_t waiting() const { return waiters_.size(); }

 private:
  struct Awaiter {
    Semaphore& semaphore;
    std::uint64_t units;
    bool granted = false;
    std::coroutine_handle<> waiter;

    bool await_ready() {
      granted = semaphore.try_acquire(units);
      return granted || semaphore.closed_;
    }
    void await_suspend(std::coroutine_handle<> h) {
      waiter = h;
      semaphore.waiters_.push_back(this);
    }
    bool await_resume() const { return granted; }
  };

  void wake() {
    if (waking_) return;  // the outer call goes on with what this one gave back
    waking_ = true;
    while (!waiters_.empty() && (closed_ || waiters_.front()->units <= free_)) {
      Awaiter* next = waiters_.front();
      waiters_.pop_front();
      next->granted = !closed_;
      if (next->granted) free_ -= next->units;
      next->waiter.resume();
    }
    waking_ = false;
  }

  const std::uint64_t units_;
  std::uint64_t free_;
  bool closed_ = false;
  bool waking_ = false;
  std::deque<Awaiter*> waiters_;
};

}  // namespace dozo::runtime
