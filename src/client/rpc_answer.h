// RpcAnswer: an answer of a DCE/RPC peer, put together from what its pipe gives. C706 12.6; [MS-RPCE] 2.2.2.
#pragma once

#include <cstdint>
#include <optional>

#include "wire/rpc_pdu.h"

namespace dozo::client {

// Value. Pure: believes nothing of the peer, holds at most `body_max` bytes and one fragment.
class RpcAnswer {
 public:
  // The answer to `call_id`.
  RpcAnswer(std::uint32_t call_id, std::size_t body_max) : call_id_(call_id), body_max_(body_max) {}

  // The next bytes, cut anywhere. STATUS_INVALID_NETWORK_RESPONSE for what is no answer, or too long a one.
  Result<> take(Bytes bytes);
  bool is_whole() const { return whole_; }

  // Of a whole answer: its type, and the stub of a response, or the body of anything else.
  wire::RpcType type() const { return static_cast<wire::RpcType>(*type_); }
  const ByteVector& body() const { return body_; }
  ByteVector take_body() && { return std::move(body_); }

 private:
  Result<> check_header(const wire::RpcHeader& header) const;
  Result<> take_fragment(Bytes fragment);

  std::uint32_t call_id_;
  std::size_t body_max_;
  ByteVector unread_;  // the beginning of a fragment
  std::optional<std::uint8_t> type_;
  ByteVector body_;
  bool whole_ = false;
};

// What a fault's status means to the caller. C706 appendix E; [MS-RPCE] 2.2.2.8.
NtStatus status_of_fault(std::uint32_t fault);

}  // namespace dozo::client
