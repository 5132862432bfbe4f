// CreditWindow: the message ids the server lets us use. [MS-SMB2] 3.2.4.1.2, 3.2.4.1.6 (Connection.SequenceWindow).
#pragma once

#include <coroutine>
#include <cstdint>
#include <deque>

#include "base/assert.h"

namespace dozo::client {

// One loop. Credits are taken in the order of asking; closed when the connection ends.
class CreditWindow {
 public:
  explicit CreditWindow(std::uint64_t credits) : available_(credits) {}
  CreditWindow(const CreditWindow&) = delete;
  CreditWindow& operator=(const CreditWindow&) = delete;
  ~CreditWindow() { DOZO_ASSERT(waiters_.empty()); }

  // co_await take(n): true with `n` consecutive message ids, the first of them in first_id(); false when closed. The
  // caller sends before it awaits anything else, so that ids go out in order.
  auto take(std::uint64_t n) { return Awaiter{.window = *this, .credits = n, .granted = false, .waiter = {}}; }
  // The first of the ids last taken.
  std::uint64_t first_id() const { return first_id_; }

  // What a response granted, and the charge of the request it answers (0 for an interim response).
  void grant(std::uint64_t credits, std::uint64_t finished_charge) {
    available_ += credits;
    DOZO_ASSERT(finished_charge <= in_flight_);
    in_flight_ -= finished_charge;
    wake();
  }
  void close() {
    closed_ = true;
    wake();
  }

  std::uint64_t available() const { return available_; }
  std::uint64_t in_flight() const { return in_flight_; }

 private:
  struct Awaiter {
    CreditWindow& window;
    std::uint64_t credits;
    bool granted;
    std::coroutine_handle<> waiter;

    bool await_ready() {
      granted = window.waiters_.empty() && window.try_take(credits);
      return granted || window.closed_;
    }
    void await_suspend(std::coroutine_handle<> h) {
      waiter = h;
      window.waiters_.push_back(this);
    }
    bool await_resume() const { return granted; }
  };

  bool try_take(std::uint64_t n) {
    if (closed_ || n > available_) return false;
    available_ -= n;
    in_flight_ += n;
    first_id_ = next_id_;
    next_id_ += n;
    return true;
  }
  void wake() {
    if (waking_) return;
    waking_ = true;
    while (!waiters_.empty()) {
      Awaiter* next = waiters_.front();
      next->granted = try_take(next->credits);
      if (!next->granted && !closed_) break;
      waiters_.pop_front();
      next->waiter.resume();
    }
    waking_ = false;
  }

  std::uint64_t available_;
  std::uint64_t in_flight_ = 0;
  std::uint64_t next_id_ = 0;
  std::uint64_t first_id_ = 0;
  bool closed_ = false;
  bool waking_ = false;
  std::deque<Awaiter*> waiters_;
};

}  // namespace dozo::client
