// Event: an auto-reset wake-up for one waiter on one loop, such as the writer of a connection.
#pragma once

#include <coroutine>
#include <utility>

#include "base/assert.h"

namespace dozo::runtime {

// notify() resumes the waiter at once, inside the call; without a waiter it is remembered (once) for the next wait().
// The waiter looks for what it was woken for and waits again: several notifications may become one.
class Event {
 public:
  Event() = default;
  Event(const Event&) = delete;
  Event& operator=(const Event&) = delete;
  ~Event() { DOZO_ASSERT(!waiter_); }

  void notify() {
    if (waiter_) {
      std::exchange(waiter_, nullptr).resume();
    } else {
      set_ = true;
    }
  }
  bool has_waiter() const { return static_cast<bool>(waiter_); }

  auto wait() {
    struct Awaiter {
      Event& event;
      bool await_ready() const noexcept { return std::exchange(event.set_, false); }
      void await_suspend(std::coroutine_handle<> h) const noexcept {
        DOZO_ASSERT(!event.waiter_);
        event.waiter_ = h;
      }
      void await_resume() const noexcept {}
    };
    return Awaiter{*this};
  }

 private:
  bool set_ = false;
  std::coroutine_handle<> waiter_;
};

}  // namespace dozo::runtime
