// Pipe: one open instance of a named pipe on IPC$, and the DCE/RPC association that lives in it ([MS-RPCE] 2.1.1.2).
// A value without I/O: bytes are written to it, messages are read from it. Owned by the open, used on one loop.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "rpc/host.h"

namespace dozo::rpc {

struct PipeInfo;    // rpc/services.h: name and interfaces; find_pipe() finds one
class Association;  // rpc/association.h: what was bound, what is being put together

// What a read takes. `more`: the message is longer than the buffer was (STATUS_BUFFER_OVERFLOW with the data), the
// rest comes with the next read.
struct PipeRead {
  ByteVector data;
  bool more = false;
};

struct PipeLimits {
  std::size_t request_max = 4u << 20;  // bytes of one call's stub, over all its fragments
  std::size_t unread_max = 8u << 20;   // bytes of answers not yet read
};

// What FSCTL_PIPE_PEEK and FilePipeLocalInformation tell. [MS-FSCC] 2.3.46, 2.4.38.
struct PipePeek {
  std::size_t available = 0;  // bytes of all messages
  std::size_t messages = 0;
  std::size_t message_length = 0;  // what is left of the first message
};

class Pipe {
 public:
  explicit Pipe(const PipeInfo& info, const PipeLimits& limits = {});
  Pipe(Pipe&&) noexcept;
  Pipe& operator=(Pipe&&) noexcept;
  ~Pipe();

  const PipeInfo& info() const { return *info_; }

  // Takes all of `data`: parts of a PDU, or several. Calls that become complete are answered before it returns.
  // STATUS_PIPE_BUSY: too much is unread already, nothing was taken.
  // STATUS_PIPE_DISCONNECTED: the peer broke the protocol (now or before), or asked on and on without reading; what
  // was answered can still be read.
  Result<> write(Bytes data, Host& host);

  // At most `max` bytes of the first message. STATUS_PIPE_EMPTY: nothing to read yet; the server parks the read (or
  // answers it so) and tries again after the next write. STATUS_PIPE_DISCONNECTED: nothing is left and nothing comes.
  Result<PipeRead> read(std::size_t max);

  // FSCTL_PIPE_TRANSCEIVE: a write and a read. STATUS_PIPE_BUSY when something is unread. [MS-FSCC] 2.3.47.
  Result<PipeRead> transceive(Bytes data, std::size_t max, Host& host);

  bool readable() const { return !messages_.empty(); }
  PipePeek peek() const;

 private:
  // Takes one PDU off the front of `bytes`; the number of bytes it had, 0 when it is not all there (or refused).
  std::size_t take_pdu(Bytes bytes, Host& host);
  void queue(std::vector<ByteVector> fragments);

  const PipeInfo* info_;
  PipeLimits limits_;
  std::unique_ptr<Association> association_;
  std::deque<ByteVector> messages_;  // each a PDU; the first may be read in part
  std::size_t front_taken_ = 0;
  std::size_t unread_ = 0;
  ByteVector partial_;  // the start of a PDU whose end has not come
  bool broken_ = false;
};

}  // namespace dozo::rpc
