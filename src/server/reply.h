// Reply: what a handler answers: a status and a body, never a header. Dispatch fills the header in.
#pragma once

#include "base/bytes.h"
#include "model/nt_status.h"
#include "runtime/buffer.h"
#include "wire/fields.h"

namespace dozo::server {

// One message with its header's room in front: small ones in a vector, the data of READ in the pooled buffer that the
// file was read into.
class OutMessage {
 public:
  OutMessage() = default;
  explicit OutMessage(ByteVector bytes) : bytes_(std::move(bytes)) {}
  explicit OutMessage(runtime::Buffer buffer) : buffer_(std::move(buffer)) {}

  MutableBytes view() { return buffer_ ? buffer_.mutable_view() : MutableBytes(bytes_); }
  Bytes view() const { return buffer_ ? buffer_.view() : Bytes(bytes_); }
  std::size_t size() const { return view().size(); }
  bool empty() const { return size() == 0; }
  // Zero-pads to a multiple of 8, as every element of a compound but the last is. [MS-SMB2] 3.3.4.1.3.
  void pad_to_8();

 private:
  ByteVector bytes_;
  runtime::Buffer buffer_;
};

// A success, or an answer that is not one ([MS-SMB2] 3.3.4.4: BUFFER_OVERFLOW with data, MORE_PROCESSING_REQUIRED, …).
// Errors are std::unexpected(status) instead; dispatch makes the ERROR response for them.
struct Reply {
  // Which preauthentication hash the message as sent goes into. [MS-SMB2] 3.3.5.4, 3.3.5.5.
  enum class HashInto : std::uint8_t { nothing, connection, logon };

  NtStatus status = NtStatus::SUCCESS;
  OutMessage message;
  bool silent = false;     // nothing is sent
  bool must_sign = false;  // though the request was not signed: the SESSION_SETUP that makes a session valid
  HashInto hash_into = HashInto::nothing;

  template <class M>
  static Reply of(const M& body, NtStatus status = NtStatus::SUCCESS) {
    ByteWriter out;
    out.reserve(wire::kHeaderSize + wire::encoded_size(body));
    out.zeros(wire::kHeaderSize);
    wire::encode(body, out);
    Reply reply;
    reply.status = status;
    reply.message = OutMessage(std::move(out).take());
    return reply;
  }
  // For a request that has destroyed its connection: FSCTL_VALIDATE_NEGOTIATE_INFO and its like.
  static Reply none() {
    Reply reply;
    reply.silent = true;
    return reply;
  }
};

}  // namespace dozo::server
