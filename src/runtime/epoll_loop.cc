#include "runtime/epoll_loop.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>

#include "base/assert.h"
#include "runtime/epoll_registry.h"
#include "runtime/inbox.h"
#include "runtime/offload_pool.h"
#include "runtime/operation_scratch.h"

namespace dozo::runtime {
namespace {

using Kind = EpollRequest::Kind;

// Operations that may complete inline in one turn; the rest complete in the next, so that a peer who always has more
// for us does not keep the others waiting.
constexpr int inline_per_turn = 64;
constexpr int would_block = -EAGAIN;

class EpollLoop final : public Loop {
 public:
  EpollLoop();
  ~EpollLoop() override;

  Instant now() const override { return clock_.now(); }
  WallTime wall_now() const override { return clock_.wall_now(); }
  std::string_view backend_name() const override { return "epoll"; }
  void run() override;
  void post(Callback callback) override { inbox_.post(std::move(callback)); }

  bool start_accept(Operation& op, Handle listener) override;
  bool start_connect(Operation& op, Handle socket, const sockaddr* address, socklen_t length) override;
  bool start_recv(Operation& op, Handle socket, MutableBytes into) override;
  bool start_send(Operation& op, Handle socket, std::span<iovec> parts) override;
  bool start_read(Operation& op, int fd, MutableBytes into, std::uint64_t offset) override;
  bool start_write(Operation& op, int fd, Bytes from, std::uint64_t offset) override;
  bool start_fsync(Operation& op, int fd, bool data_only) override;
  bool start_poll(Operation& op, int fd, short events) override;
  bool start_offload(Operation& op, void (*function)(void*), void* context) override;
  void cancel(Operation& op) override;
  void shutdown(Handle socket) override { ::shutdown(socket, SHUT_RDWR); }
  void close(Handle socket) override;
  Counters counters() const override;

 protected:
  void on_stop_requested() override { inbox_.wake(); }

 private:
  bool try_or_park(Operation& op);
  bool finish_inline(Operation& op, int result);
  void finish_later(Operation& op, int result);
  bool give_to_pool(Operation& op);
  void forget_foreign(const EpollRequest& request);
  void turn();
  void wait();
  void on_event(const epoll_event& event);
  void resume_finished();
  int wait_events(std::span<epoll_event> events, const Duration* timeout);
  static void add(std::atomic<std::uint64_t>& counter) {
    counter.store(counter.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
  }

  SystemClock clock_;
  EpollRegistry registry_;
  Inbox inbox_;
  std::vector<Operation*> finished_;
  std::vector<Operation*> resuming_;
  std::vector<Operation*> retrying_;
  int inline_left_ = inline_per_turn;
  bool has_pwait2_ = true;
  std::size_t offloaded_ = 0;
  std::atomic<std::uint64_t> operations_ = 0;
  std::atomic<std::uint64_t> offloads_ = 0;
  std::atomic<std::uint64_t> wakeups_ = 0;
};

// --- One attempt -------------------------------------------------------------------------------------------------

int result_of(ssize_t returned) { return returned >= 0 ? static_cast<int>(returned) : -errno; }

void make_nonblocking(int fd) {
  const int flags = ::fcntl(fd, F_GETFL);
  if (flags >= 0 && (flags & O_NONBLOCK) == 0) ::fcntl(fd, F_SETFL, flags | O_NONBLOCK);
}

// Sends what it can; op.result counts. would_block when something is left.
int try_send(Operation& op, EpollRequest& request) {
  std::span<iovec> parts(static_cast<iovec*>(request.data), request.length);
  while (!parts.empty()) {
    msghdr message{};
    message.msg_iov = parts.data();
    message.msg_iovlen = parts.size();
    const int sent = result_of(::sendmsg(request.fd, &message, MSG_NOSIGNAL | MSG_DONTWAIT));
    if (sent == -EINTR) continue;
    if (sent < 0 && sent != would_block) return sent;
    if (sent > 0) op.result += sent;
    parts = advance_parts(parts, sent > 0 ? static_cast<std::size_t>(sent) : 0);
    request.data = parts.data();
    request.length = parts.size();
    if (sent == would_block) return would_block;
  }
  return op.result;
}

int try_poll(const EpollRequest& request) {
  pollfd target{.fd = request.fd, .events = request.events, .revents = 0};
  const int ready = ::poll(&target, 1, 0);
  if (ready < 0) return errno == EINTR ? would_block : -errno;
  if (ready == 0) return would_block;
  return (target.revents & POLLNVAL) != 0 ? -EBADF : target.revents;
}

int connect_outcome(int fd) {
  pollfd target{.fd = fd, .events = POLLOUT, .revents = 0};
  if (::poll(&target, 1, 0) <= 0) return would_block;
  int error = 0;
  socklen_t length = sizeof error;
  if (::getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &length) != 0) return -errno;
  return -error;
}

int try_once(Operation& op) {
  auto& request = scratch_as<EpollRequest>(op);
  switch (request.kind) {
    case Kind::accept:
      return result_of(::accept4(request.fd, nullptr, nullptr, SOCK_CLOEXEC));
    case Kind::recv:
      return result_of(::recv(request.fd, request.data, request.length, MSG_DONTWAIT));
    case Kind::send:
      return try_send(op, request);
    case Kind::poll:
      return try_poll(request);
    case Kind::connect:
      return connect_outcome(request.fd);
    default:
      return -EINVAL;
  }
}

int attempt(Operation& op) {
  int result = try_once(op);
  while (result == -EINTR || (result == -ECONNABORTED && scratch_as<EpollRequest>(op).kind == Kind::accept)) {
    result = try_once(op);
  }
  return result;
}

// What a pool thread does for a file operation; the operation is the context.
void run_file_request(void* context) {
  auto& op = *static_cast<Operation*>(context);
  const auto& request = scratch_as<EpollRequest>(op);
  const auto offset = static_cast<off_t>(request.offset);
  do {
    if (request.kind == Kind::read) {
      op.result = result_of(::pread(request.fd, request.data, request.length, offset));
    } else if (request.kind == Kind::write) {
      op.result = result_of(::pwrite(request.fd, request.data, request.length, offset));
    } else {
      op.result = result_of(request.data_only ? ::fdatasync(request.fd) : ::fsync(request.fd));
    }
  } while (op.result == -EINTR);
}

// --- Starting operations -----------------------------------------------------------------------------------------

EpollLoop::EpollLoop() {
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.u64 = static_cast<std::uint32_t>(inbox_.wake_fd());
  const int result = ::epoll_ctl(registry_.epoll_fd(), EPOLL_CTL_ADD, inbox_.wake_fd(), &event);
  DOZO_ASSERT(result == 0);
}

EpollLoop::~EpollLoop() {
  while (offloaded_ > 0) offloaded_ -= std::min(offloaded_, inbox_.discard_completed());
}

bool EpollLoop::finish_inline(Operation& op, int result) {
  if (inline_left_ > 0) {
    --inline_left_;
    op.result = result;
    return true;
  }
  finish_later(op, result);
  return false;
}

void EpollLoop::finish_later(Operation& op, int result) {
  op.result = result;
  scratch_as<EpollRequest>(op).kind = Kind::finished;
  finished_.push_back(&op);
}

bool EpollLoop::try_or_park(Operation& op) {
  add(operations_);
  const int result = attempt(op);
  if (result != would_block) return finish_inline(op, result);
  const int parked = registry_.park(op);
  return parked < 0 ? finish_inline(op, parked) : false;
}

bool EpollLoop::start_accept(Operation& op, Handle listener) {
  make_scratch(op, EpollRequest{.kind = Kind::accept, .fd = listener});
  make_nonblocking(listener);
  return try_or_park(op);
}

bool EpollLoop::start_connect(Operation& op, Handle socket, const sockaddr* address, socklen_t length) {
  make_scratch(op, EpollRequest{.kind = Kind::connect, .fd = socket});
  make_nonblocking(socket);
  add(operations_);
  if (::connect(socket, address, length) == 0) return finish_inline(op, 0);
  if (errno != EINPROGRESS && errno != EINTR) return finish_inline(op, -errno);
  const int parked = registry_.park(op);
  return parked < 0 ? finish_inline(op, parked) : false;
}

bool EpollLoop::start_recv(Operation& op, Handle socket, MutableBytes into) {
  make_scratch(op, EpollRequest{.kind = Kind::recv, .fd = socket, .data = into.data(), .length = into.size()});
  return try_or_park(op);
}

bool EpollLoop::start_send(Operation& op, Handle socket, std::span<iovec> parts) {
  DOZO_ASSERT(parts.size() <= parts_max);
  make_scratch(op, EpollRequest{.kind = Kind::send, .fd = socket, .data = parts.data(), .length = parts.size()});
  op.result = 0;
  return try_or_park(op);
}

bool EpollLoop::start_poll(Operation& op, int fd, short events) {
  make_scratch(op, EpollRequest{.kind = Kind::poll, .events = events, .fd = fd});
  return try_or_park(op);
}

bool EpollLoop::start_read(Operation& op, int fd, MutableBytes into, std::uint64_t offset) {
  make_scratch(
      op, EpollRequest{.kind = Kind::read, .fd = fd, .data = into.data(), .length = into.size(), .offset = offset});
  return give_to_pool(op);
}

bool EpollLoop::start_write(Operation& op, int fd, Bytes from, std::uint64_t offset) {
  make_scratch(op, EpollRequest{.kind = Kind::write,
                                .fd = fd,
                                .data = const_cast<std::uint8_t*>(from.data()),  // pwrite only reads it
                                .length = from.size(),
                                .offset = offset});
  return give_to_pool(op);
}

bool EpollLoop::start_fsync(Operation& op, int fd, bool data_only) {
  make_scratch(op, EpollRequest{.kind = Kind::fsync, .data_only = data_only, .fd = fd});
  return give_to_pool(op);
}

bool EpollLoop::give_to_pool(Operation& op) {
  add(operations_);
  ++offloaded_;
  submit_offload({.function = run_file_request, .context = &op, .op = &op, .inbox = &inbox_});
  return false;
}

bool EpollLoop::start_offload(Operation& op, void (*function)(void*), void* context) {
  make_scratch(op, EpollRequest{.kind = Kind::offload});
  op.result = 0;
  add(offloads_);
  ++offloaded_;
  submit_offload({.function = function, .context = context, .op = &op, .inbox = &inbox_});
  return false;
}

// --- Ending operations -------------------------------------------------------------------------------------------

void EpollLoop::cancel(Operation& op) {
  const Kind kind = scratch_as<EpollRequest>(op).kind;
  if (kind == Kind::finished || kind == Kind::offload || kind == Kind::read || kind == Kind::write ||
      kind == Kind::fsync) {
    return;
  }
  if (!registry_.unpark(op)) return;
  forget_foreign(scratch_as<EpollRequest>(op));
  finish_later(op, -ECANCELED);
}

// The descriptor of a poll is its caller's, who may close it behind our back.
void EpollLoop::forget_foreign(const EpollRequest& request) {
  if (request.kind == Kind::poll && registry_.is_unused(request.fd)) registry_.forget(request.fd);
}

void EpollLoop::close(Handle socket) {
  registry_.forget(socket);
  ::close(socket);
}

// --- Running -----------------------------------------------------------------------------------------------------

void EpollLoop::run() {
  enter_thread();
  while (!stop_requested()) turn();
  leave_thread();
}

void EpollLoop::turn() {
  inline_left_ = inline_per_turn;
  run_due_timers(now());
  resume_finished();
  offloaded_ -= inbox_.drain();
  if (!stop_requested()) wait();
}

void EpollLoop::resume_finished() {
  std::swap(finished_, resuming_);
  for (Operation* op : resuming_) op->waiter.resume();
  resuming_.clear();
}

void EpollLoop::wait() {
  epoll_event events[128];
  const Duration none{};
  if (!finished_.empty() || !inbox_.prepare_to_sleep()) {
    const int count = wait_events(events, &none);
    for (int i = 0; i < count; ++i) on_event(events[i]);
    return;
  }
  const auto deadline = sleep_deadline();
  const Duration timeout = deadline ? std::max(none, *deadline - now()) : none;
  const int count = wait_events(events, deadline ? &timeout : nullptr);
  inbox_.woke();
  add(wakeups_);
  for (int i = 0; i < count; ++i) on_event(events[i]);
  if (deadline && count == 0) slept_in_vain();
}

int EpollLoop::wait_events(std::span<epoll_event> events, const Duration* timeout) {
  const int room = static_cast<int>(events.size());
  if (has_pwait2_) {
    timespec spec{};
    if (timeout != nullptr) {
      spec.tv_sec = timeout->count() / 1'000'000'000;
      spec.tv_nsec = timeout->count() % 1'000'000'000;
    }
    const int count =
        ::epoll_pwait2(registry_.epoll_fd(), events.data(), room, timeout != nullptr ? &spec : nullptr, nullptr);
    if (count >= 0 || errno == EINTR) return std::max(count, 0);
    // Linux 5.11, and not in every sandbox.
    DOZO_ASSERT(errno == ENOSYS || errno == EPERM || errno == EINVAL);
    has_pwait2_ = false;
  }
  // Rounded up: to wake before the deadline would be to spin until it.
  const auto milliseconds =
      timeout != nullptr ? std::min<Duration::rep>((timeout->count() + 999'999) / 1'000'000, 60'000) : -1;
  return std::max(::epoll_wait(registry_.epoll_fd(), events.data(), room, static_cast<int>(milliseconds)), 0);
}

// Nobody is resumed here: what a waiter does may change what is parked.
void EpollLoop::on_event(const epoll_event& event) {
  if (event.data.u64 == static_cast<std::uint32_t>(inbox_.wake_fd())) {
    std::uint64_t ignored = 0;
    const auto got = ::read(inbox_.wake_fd(), &ignored, sizeof ignored);
    DOZO_ASSERT(got == sizeof ignored);
    return;
  }
  retrying_.clear();
  registry_.collect(event, retrying_);
  for (Operation* op : retrying_) {
    const int result = attempt(*op);
    if (result == would_block) continue;
    registry_.unpark(*op);
    forget_foreign(scratch_as<EpollRequest>(*op));
    finish_later(*op, result);
  }
}

Loop::Counters EpollLoop::counters() const {
  return {.operations = operations_.load(std::memory_order_relaxed),
          .offloads = offloads_.load(std::memory_order_relaxed),
          .wakeups = wakeups_.load(std::memory_order_relaxed)};
}

}  // namespace

std::unique_ptr<Loop> make_epoll_loop() { return std::make_unique<EpollLoop>(); }

}  // namespace dozo::runtime
