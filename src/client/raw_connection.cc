#include "client/raw_connection.h"

#include <cerrno>

#include "client/transport_error.h"
#include "wire/framing.h"

namespace dozo::client {

runtime::Task<Result<std::unique_ptr<RawConnection>>> RawConnection::connect(runtime::Loop& loop,
                                                                             runtime::Endpoint endpoint) {
  runtime::Connected connected = co_await runtime::connect_to(loop, endpoint);
  if (!connected.socket) co_return fail(status_of_errno(-connected.error));
  co_return std::make_unique<RawConnection>(std::move(connected.socket));
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
