// Loop: an event loop. One per core; what lives on it is touched by its thread alone. Three back ends: io_uring,
// epoll with an offload pool (where io_uring is not permitted), and simulated (time, network and completion order
// from a seed). Everything above sees this interface only.
#pragma once

#include <sys/socket.h>
#include <sys/uio.h>

#include <coroutine>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include "base/bytes.h"
#include "base/time.h"
#include "runtime/callback.h"

namespace dozo::runtime {

// A descriptor, or in the simulation the number of a simulated socket.
using Handle = int;

// One operation in flight. Lives in the frame of the coroutine that awaits it and stays there until it completes.
struct Operation {
  std::coroutine_handle<> waiter;
  int result = 0;                 // bytes or 0; or -errno
  std::uint64_t scratch[8] = {};  // the back end's
};

// A callback at an Instant. Owner: whoever embeds it; disarms itself when destroyed. Same loop only.
class Timer {
 public:
  using Function = void (*)(void* context);
  Timer() = default;
  Timer(const Timer&) = delete;
  Timer& operator=(const Timer&) = delete;
  ~Timer() { disarm(); }
  // Re-arms when armed already.
  void arm(class Loop& loop, Instant when, Function function, void* context);
  void disarm();
  bool armed() const { return loop_ != nullptr; }

 private:
  friend class Loop;
  class Loop* loop_ = nullptr;
  Instant when_{};
  std::uint64_t sequence_ = 0;  // orders timers of one instant
  std::size_t slot_ = 0;        // where the heap holds it
  Function function_ = nullptr;
  void* context_ = nullptr;
};

class Loop : public Clock {
 public:
  Loop();
  ~Loop() override;
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;

  // The loop this thread runs; asserts that there is one.
  static Loop& current();
  static Loop* current_or_null();

  virtual std::string_view backend_name() const = 0;  // "io_uring" "epoll" "simulated"

  // Runs on the calling thread until stop(). What is still parked stays parked: close gates first. A loop belongs to
  // the first thread that runs it; what is started before run() is started on that thread too.
  virtual void run() = 0;
  // Any thread. Before run(): run() returns at once.
  void stop();
  // Any thread: runs `callback` on this loop, in the order of the posts of one thread.
  virtual void post(Callback callback) = 0;

  // --- Operations. Each start_* either completes at once (true; op.result is set, the waiter is not resumed) or
  // later sets op.result and resumes op.waiter on this loop. Views stay valid until then. Use the awaitables below.
  virtual bool start_accept(Operation& op, Handle listener) = 0;  // result: the new handle
  virtual bool start_connect(Operation& op, Handle socket, const sockaddr* address, socklen_t length) = 0;
  virtual bool start_recv(Operation& op, Handle socket, MutableBytes into) = 0;  // 0: the peer has closed
  // Sends all of it, or fails. One at a time for a socket. The iovecs (at most 1024) may be changed meanwhile by the
  // back end.
  virtual bool start_send(Operation& op, Handle socket, std::span<iovec> parts) = 0;
  virtual bool start_read(Operation& op, int fd, MutableBytes into, std::uint64_t offset) = 0;
  virtual bool start_write(Operation& op, int fd, Bytes from, std::uint64_t offset) = 0;
  virtual bool start_fsync(Operation& op, int fd, bool data_only) = 0;
  virtual bool start_poll(Operation& op, int fd, short events) = 0;  // result: revents
  // Runs function(context) where it may block; then resumes the waiter here. result is 0. cancel() has no effect on
  // it, nor on what the epoll back end hands to the pool (read, write, fsync): those complete when they are done.
  virtual bool start_offload(Operation& op, void (*function)(void*), void* context) = 0;
  // Asks for the end of an operation that has not completed; it completes, perhaps with -ECANCELED.
  virtual void cancel(Operation& op) = 0;

  // Sockets of this loop's world; they are in blocking mode, whatever the back end does with them. open_socket: a new
  // stream socket for start_connect, or -errno. shutdown makes pending recv and send end; shutdown_receiving makes recv
  // end, while what is sent still leaves; close frees the handle (no operation of its may be pending).
  virtual Handle open_socket(int family);
  virtual void shutdown(Handle socket) = 0;
  virtual void shutdown_receiving(Handle socket);
  virtual void close(Handle socket) = 0;

  // For status and for the choice of the least loaded loop; any thread.
  struct Counters {
    std::uint64_t operations = 0;
    std::uint64_t offloads = 0;
    std::uint64_t wakeups = 0;
  };
  virtual Counters counters() const = 0;

 protected:
  friend class Timer;
  virtual void on_stop_requested() = 0;  // any thread: wake the loop
  bool stop_requested() const;
  void reset_stop();  // leave_thread() does it too
  // The next deadline of interest to a loop about to sleep, and what it calls when it slept until then in vain.
  std::optional<Instant> sleep_deadline() const;
  void slept_in_vain();
  void enter_thread();  // makes this the current loop of the calling thread
  void leave_thread();
  // Timers: a heap shared by all back ends.
  std::optional<Instant> next_deadline() const;
  void run_due_timers(Instant now);

 private:
  void insert_timer(Timer& timer);
  void remove_timer(Timer& timer);
  void settle_timer(std::size_t slot);
  struct State;
  std::unique_ptr<State> state_;
};

enum class Backend { io_uring, epoll };
// io_uring where the kernel permits what we need of it, else epoll; `why` says what was missing.
Backend detect_backend(std::string& why);
std::unique_ptr<Loop> make_loop(Backend backend);

// --- Awaitables --------------------------------------------------------------------------------------------------

template <class Start>
class [[nodiscard]] OperationAwaiter {
 public:
  explicit OperationAwaiter(Start start) : start_(std::move(start)) {}
  OperationAwaiter(const OperationAwaiter&) = delete;
  OperationAwaiter& operator=(const OperationAwaiter&) = delete;
  bool await_ready() const noexcept { return false; }
  bool await_suspend(std::coroutine_handle<> h) {
    op_.waiter = h;
    return !start_(op_);
  }
  int await_resume() const noexcept { return op_.result; }

 private:
  Operation op_;
  Start start_;
};

inline auto accept(Loop& loop, Handle listener) {
  return OperationAwaiter([&loop, listener](Operation& op) { return loop.start_accept(op, listener); });
}
inline auto recv(Loop& loop, Handle socket, MutableBytes into) {
  return OperationAwaiter([&loop, socket, into](Operation& op) { return loop.start_recv(op, socket, into); });
}
inline auto send(Loop& loop, Handle socket, std::span<iovec> parts) {
  return OperationAwaiter([&loop, socket, parts](Operation& op) { return loop.start_send(op, socket, parts); });
}
inline auto read_at(Loop& loop, int fd, MutableBytes into, std::uint64_t offset) {
  return OperationAwaiter([&loop, fd, into, offset](Operation& op) { return loop.start_read(op, fd, into, offset); });
}
inline auto write_at(Loop& loop, int fd, Bytes from, std::uint64_t offset) {
  return OperationAwaiter([&loop, fd, from, offset](Operation& op) { return loop.start_write(op, fd, from, offset); });
}
inline auto fsync(Loop& loop, int fd, bool data_only) {
  return OperationAwaiter([&loop, fd, data_only](Operation& op) { return loop.start_fsync(op, fd, data_only); });
}
inline auto poll(Loop& loop, int fd, short events) {
  return OperationAwaiter([&loop, fd, events](Operation& op) { return loop.start_poll(op, fd, events); });
}
inline auto connect(Loop& loop, Handle socket, const sockaddr* address, socklen_t length) {
  return OperationAwaiter(
      [&loop, socket, address, length](Operation& op) { return loop.start_connect(op, socket, address, length); });
}

// co_await sleep_until(loop, when): resumes at `when` or soon after.
class [[nodiscard]] SleepAwaiter {
 public:
  SleepAwaiter(Loop& loop, Instant when) : loop_(loop), when_(when) {}
  bool await_ready() const { return when_ <= loop_.now(); }
  void await_suspend(std::coroutine_handle<> h) {
    waiter_ = h;
    timer_.arm(loop_, when_, [](void* self) { static_cast<SleepAwaiter*>(self)->waiter_.resume(); }, this);
  }
  void await_resume() const noexcept {}

 private:
  Loop& loop_;
  Instant when_;
  std::coroutine_handle<> waiter_;
  Timer timer_;
};
// co_await resume_on(loop): goes on there, at once when this thread runs that loop. What was written before is seen
// after, and what one thread posted to `loop` before happens before. A frame that leaves its loop must come back to it
// before it ends: its gate, timers and sockets are there. Arrives only while `loop` runs.
class [[nodiscard]] ResumeOnAwaiter {
 public:
  explicit ResumeOnAwaiter(Loop& loop) : loop_(loop) {}
  bool await_ready() const { return Loop::current_or_null() == &loop_; }
  // Once posted the frame may run, or end, on the other thread: nothing here is touched after that.
  void await_suspend(std::coroutine_handle<> h) const {
    loop_.post([h] { h.resume(); });
  }
  void await_resume() const noexcept {}

 private:
  Loop& loop_;
};
inline ResumeOnAwaiter resume_on(Loop& loop) { return ResumeOnAwaiter(loop); }

inline SleepAwaiter sleep_until(Loop& loop, Instant when) { return {loop, when}; }
inline SleepAwaiter sleep_for(Loop& loop, Duration d) { return {loop, loop.now() + d}; }

// auto r = co_await offload(loop, f): runs f() where it may block and yields what it returned. f runs on another
// thread: it captures values, or references into the awaiting frame that nobody else touches meanwhile.
template <class F>
class [[nodiscard]] OffloadAwaiter {
 public:
  using R = std::invoke_result_t<F&>;
  OffloadAwaiter(Loop& loop, F function) : loop_(loop), function_(std::move(function)) {}
  OffloadAwaiter(const OffloadAwaiter&) = delete;
  OffloadAwaiter& operator=(const OffloadAwaiter&) = delete;
  bool await_ready() const noexcept { return false; }
  bool await_suspend(std::coroutine_handle<> h) {
    op_.waiter = h;
    return !loop_.start_offload(op_, &OffloadAwaiter::call, this);
  }
  R await_resume() {
    if constexpr (!std::is_void_v<R>) return std::move(*result_);
  }

 private:
  static void call(void* self_pointer) {
    auto& self = *static_cast<OffloadAwaiter*>(self_pointer);
    if constexpr (std::is_void_v<R>) {
      self.function_();
    } else {
      self.result_.emplace(self.function_());
    }
  }
  struct Nothing {};
  Loop& loop_;
  F function_;
  Operation op_;
  std::optional<std::conditional_t<std::is_void_v<R>, Nothing, R>> result_;
};
template <class F>
OffloadAwaiter<F> offload(Loop& loop, F function) {
  return OffloadAwaiter<F>(loop, std::move(function));
}

}  // namespace dozo::runtime
