// Gate: what must not be torn down while work is in flight. spawn(): the only way to detach a Task.
#pragma once

#include <coroutine>
#include <cstddef>

#include "base/assert.h"
#include "runtime/task.h"

namespace dozo::runtime {

// Counts the tasks that hold it. One loop; the owner awaits close() before it ends. Entering a closed gate is a
// programmer's error: ask closed() first.
class Gate {
 public:
  Gate() = default;
  Gate(const Gate&) = delete;
  Gate& operator=(const Gate&) = delete;
  ~Gate() { DOZO_ASSERT(count_ == 0); }

  void enter() {
    DOZO_ASSERT(!closed_);
    ++count_;
  }
  void leave() {
    DOZO_ASSERT(count_ > 0);
    if (--count_ == 0 && waiter_) std::exchange(waiter_, nullptr).resume();
  }
  bool closed() const { return closed_; }
  std::size_t count() const { return count_; }

  // Refuses newcomers and resumes when the last holder has left. Awaited once.
  auto close() {
    struct Awaiter {
      Gate& gate;
      bool await_ready() const noexcept { return gate.count_ == 0; }
      void await_suspend(std::coroutine_handle<> h) const noexcept { gate.waiter_ = h; }
      void await_resume() const noexcept {}
    };
    closed_ = true;
    return Awaiter{*this};
  }

 private:
  std::size_t count_ = 0;
  bool closed_ = false;
  std::coroutine_handle<> waiter_;
};

namespace detail {

struct Detached {
  struct promise_type {
    static void* operator new(std::size_t size) { return allocate_frame(size); }
    static void operator delete(void* frame, std::size_t size) noexcept { free_frame(frame, size); }
    Detached get_return_object() noexcept { return {}; }
    std::suspend_never initial_suspend() noexcept { return {}; }
    std::suspend_never final_suspend() noexcept { return {}; }
    void return_void() noexcept {}
    [[noreturn]] void unhandled_exception() noexcept { std::terminate(); }
  };
};

inline Detached run_detached(Gate& gate, Task<void> task) {
  gate.enter();
  {
    Task<void> owned = std::move(task);
    co_await owned;
  }  // the frame and all it holds are gone before the gate opens
  gate.leave();
}

}  // namespace detail

// Starts `task` now, on this loop, and lets it run on its own; `gate` outlives it.
inline void spawn(Gate& gate, Task<void> task) { detail::run_detached(gate, std::move(task)); }

}  // namespace dozo::runtime
