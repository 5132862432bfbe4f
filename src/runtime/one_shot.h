// OneShot<T>: a value that is set once and awaited once, on one loop. The first set() wins: a wake, a cancel, a
// timeout and a disconnect may all try. The waiter resumes inside the winning set().
#pragma once

#include <coroutine>
#include <optional>
#include <utility>

#include "base/assert.h"

namespace dozo::runtime {

template <class T>
class OneShot {
 public:
  OneShot() = default;
  OneShot(const OneShot&) = delete;
  OneShot& operator=(const OneShot&) = delete;

  // Whether this call was the one that set it.
  bool set(T value) {
    if (value_) return false;
    value_.emplace(std::move(value));
    if (waiter_) std::exchange(waiter_, nullptr).resume();
    return true;
  }
  bool is_set() const { return value_.has_value(); }

  bool await_ready() const noexcept { return value_.has_value(); }
  void await_suspend(std::coroutine_handle<> h) noexcept {
    DOZO_ASSERT(!waiter_);
    waiter_ = h;
  }
  T await_resume() { return std::move(*value_); }

 private:
  std::optional<T> value_;
  std::coroutine_handle<> waiter_;
};

}  // namespace dozo::runtime
