#include "client/raw_connection.h"

#include <netinet/in.h>
#include <netinet/tcp.h>

#include <cerrno>

#include "client/transport_error.h"
#include "wire/framing.h"

namespace dozo::client {
namespace {

// Connecting, and a timer that ends it. Lives in the frame of the coroutine that awaits it.
class TimedConnect {
 public:
  TimedConnect(runtime::Socket& socket, const runtime::Endpoint& endpoint, Duration timeout)
      : socket_(socket), endpoint_(endpoint), timeout_(timeout) {}
  bool await_ready() const noexcept { return false; }
  bool await_suspend(std::coroutine_handle<> h) {
    runtime::Loop& loop = socket_.loop();
    operation_.waiter = h;
    if (loop.start_connect(operation_, socket_.handle(), endpoint_.address(), endpoint_.length)) return false;
    if (timeout_ != Duration{}) timer_.arm(loop, loop.now() + timeout_, &TimedConnect::on_timeout, this);
    return true;
  }
  // 0, or the error's number.
  int await_resume() {
    timer_.disarm();
    return timed_out_ && operation_.result < 0 ? ETIMEDOUT : -operation_.result;
  }

 private:
  static void on_timeout(void* self_pointer) {
    auto& self = *static_cast<TimedConnect*>(self_pointer);
    self.timed_out_ = true;
    self.socket_.loop().cancel(self.operation_);
  }

  runtime::Socket& socket_;
  const runtime::Endpoint& endpoint_;
  Duration timeout_;
  bool timed_out_ = false;
  runtime::Operation operation_;
  runtime::Timer timer_;
};

// Requests are written whole: nothing is gained by waiting for more. A simulated socket has no such option.
void send_without_delay(runtime::Handle socket) {
  const int on = 1;
  static_cast<void>(setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on));
}

}  // namespace

runtime::Task<Result<std::unique_ptr<RawConnection>>> RawConnection::connect(runtime::Loop& loop,
                                                                             runtime::Endpoint endpoint,
                                                                             Duration timeout) {
  const runtime::Handle handle = loop.open_socket(endpoint.family());
  if (handle < 0) co_return fail(status_of_errno(-handle));
  runtime::Socket socket(loop, handle);
  TimedConnect connecting(socket, endpoint, timeout);
  const int error = co_await connecting;
  if (error != 0) co_return fail(status_of_errno(error));
  send_without_delay(handle);
  co_return std::make_unique<RawConnection>(std::move(socket));
}

runtime::Task<Result<>> RawConnection::send_bytes(Bytes bytes) {
  const int sent = co_await socket_.send_all(bytes);
  if (sent < 0) co_return fail(status_of_errno(-sent));
  co_return Result<>{};
}

runtime::Task<Result<>> RawConnection::send_frame(Bytes message) {
  auto prefix = wire::encode_frame_prefix(message.size());
  // sendmsg only reads what an iovec points to.
  iovec parts[] = {{.iov_base = prefix.data(), .iov_len = prefix.size()},
                   {.iov_base = const_cast<std::uint8_t*>(message.data()), .iov_len = message.size()}};
  const int sent = co_await socket_.send(parts);
  if (sent < 0) co_return fail(status_of_errno(-sent));
  co_return Result<>{};
}

runtime::Task<Result<>> RawConnection::receive_bytes(MutableBytes into) {
  const int got = co_await socket_.recv_all(into);
  if (got < 0) co_return fail(status_of_errno(-got));
  if (static_cast<std::size_t>(got) < into.size()) co_return fail(NtStatus::CONNECTION_DISCONNECTED);
  co_return Result<>{};
}

runtime::Task<Result<runtime::Buffer>> RawConnection::receive_frame(std::size_t size_max) {
  std::array<std::uint8_t, wire::kFramePrefixSize> prefix{};
  int got = co_await socket_.recv_all(prefix);
  if (got < 0) co_return fail(status_of_errno(-got));
  if (static_cast<std::size_t>(got) < prefix.size()) co_return fail(NtStatus::CONNECTION_DISCONNECTED);
  const auto length = wire::decode_frame_prefix(prefix);
  if (!length || *length > size_max) co_return fail(NtStatus::INVALID_NETWORK_RESPONSE);
  auto buffer = runtime::Buffer::allocate(*length);
  buffer.resize(*length);
  got = co_await socket_.recv_all(buffer.mutable_view());
  if (got < 0) co_return fail(status_of_errno(-got));
  if (static_cast<std::size_t>(got) < *length) co_return fail(NtStatus::CONNECTION_DISCONNECTED);
  co_return buffer;
}

}  // namespace dozo::client
