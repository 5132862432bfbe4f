// RawConnection: frames over a stream and nothing else. What Connection is built on, and what tests use to send what
// no client should.
#pragma once

#include <array>
#include <memory>
#include <span>

#include "base/bytes.h"
#include "base/result.h"
#include "runtime/buffer.h"
#include "runtime/socket.h"
#include "runtime/task.h"
#include "wire/header.h"

namespace dozo::client {

// Resource; one loop; one reader and one writer at a time. Works over a socket of any loop, the simulation's too.
class RawConnection {
 public:
  explicit RawConnection(runtime::Socket socket) : socket_(std::move(socket)) {}
  // STATUS_IO_TIMEOUT when nothing has answered within `timeout`; zero: as long as the system tries.
  static runtime::Task<Result<std::unique_ptr<RawConnection>>> connect(runtime::Loop& loop, runtime::Endpoint endpoint,
                                                                       Duration timeout = {});

  // STATUS_CONNECTION_DISCONNECTED when the peer is gone.
  runtime::Task<Result<>> send_bytes(Bytes bytes);    // as they are
  runtime::Task<Result<>> send_frame(Bytes message);  // behind a direct-TCP prefix. [MS-SMB2] 2.1
  // The message of the next frame, at most `size_max` bytes; STATUS_INVALID_NETWORK_RESPONSE for what is no frame.
  runtime::Task<Result<runtime::Buffer>> receive_frame(std::size_t size_max = kDefaultFrameMax);

  // All of `into`; for what stands before the first frame, as in NetBIOS.
  runtime::Task<Result<>> receive_bytes(MutableBytes into);

  void shutdown() { socket_.shutdown(); }
  runtime::Loop& loop() { return socket_.loop(); }

  static constexpr std::size_t kDefaultFrameMax = (8u << 20) + 4096;

 private:
  runtime::Socket socket_;
};

// A request: header and body, ready to be framed. Sets the command's own fields only; everything else is `header`'s.
template <class M>
ByteVector make_message(const wire::Header& header, const M& body) {
  ByteWriter out;
  wire::encode_header(header, out);
  wire::encode(body, out);
  return std::move(out).take();
}

}  // namespace dozo::client
