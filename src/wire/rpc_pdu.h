// DCE/RPC connection-oriented PDUs, both directions. C706 chapter 12; [MS-RPCE] 2.2.2.
// Views in what is decoded point into the bytes that were given. All decoding fails with STATUS_INVALID_PARAMETER.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "model/flags.h"
#include "model/guid.h"

namespace dozo::wire {

inline constexpr std::size_t kRpcHeaderSize = 16;
inline constexpr std::size_t kRpcRequestHeaderSize = 24;  // header, alloc_hint, context, opnum; the same for responses
// What every implementation must be able to receive (C706 12.6.3.1), and what Windows offers over pipes.
inline constexpr std::uint16_t kRpcMinFragment = 1432;
inline constexpr std::uint16_t kRpcDefaultFragment = 4280;

enum class RpcType : std::uint8_t {
  request = 0,
  response = 2,
  fault = 3,
  bind = 11,
  bind_ack = 12,
  bind_nak = 13,
  alter_context = 14,
  alter_context_resp = 15,
  auth3 = 16,
  shutdown = 17,
  co_cancel = 18,
  orphaned = 19,
};

enum class RpcFlag : std::uint8_t {
  first_frag = 0x01,
  last_frag = 0x02,
  pending_cancel = 0x04,  // in a bind: SUPPORT_HEADER_SIGN, [MS-RPCE] 2.2.2.3
  conc_mpx = 0x10,
  did_not_execute = 0x20,
  maybe = 0x40,
  object_uuid = 0x80,
};
using RpcFlags = Flags<RpcFlag>;
DOZO_FLAGS(RpcFlag)
inline constexpr RpcFlags kRpcWhole = RpcFlag::first_frag | RpcFlag::last_frag;

// The common header, C706 12.6.3.1. `type` is a raw byte, for a peer may send what has no name here.
struct RpcHeader {
  std::uint8_t version = 5;
  std::uint8_t version_minor = 0;
  std::uint8_t type = 0;
  RpcFlags flags;
  std::uint8_t data_representation = 0x10;  // the first byte: little-endian integers, ASCII
  std::uint16_t fragment_length = 0;
  std::uint16_t auth_length = 0;
  std::uint32_t call_id = 0;
  bool is(RpcType t) const { return type == static_cast<std::uint8_t>(t); }
};

// [MS-RPCE] 2.2.2.11 sec_trailer.
struct RpcAuthTrailer {
  std::uint8_t type = 0;  // 10: NTLMSSP, 9: SPNEGO, 16: Kerberos
  std::uint8_t level = 0;
  std::uint8_t pad_length = 0;
  std::uint32_t context_id = 0;
  Bytes token;
};

// One fragment: its header, what lies between the header and the authentication padding, and the trailer if any.
struct RpcFragment {
  RpcHeader header;
  Bytes body;
  std::optional<RpcAuthTrailer> auth;
};

// A presentation syntax, C706 12.6.3.1 p_syntax_id_t.
struct RpcSyntax {
  Guid uuid;
  std::uint16_t major = 0;
  std::uint16_t minor = 0;
  bool operator==(const RpcSyntax&) const = default;
};

extern const RpcSyntax kNdr20;  // 8a885d04-1ceb-11c9-9fe8-08002b104860 v2
extern const RpcSyntax kNdr64;  // 71710533-beba-4937-8319-b5dbef9ccc36 v1

// The eight bytes of features when `syntax` is a bind time feature negotiation. [MS-RPCE] 3.3.1.5.3, 2.2.2.14.
std::optional<std::uint64_t> bind_time_features(const RpcSyntax& syntax);

struct RpcContext {
  std::uint16_t id = 0;
  RpcSyntax abstract;
  std::vector<RpcSyntax> transfers;
};

// bind and alter_context. Without an address, for that is of the answer.
struct RpcBind {
  std::uint16_t max_transmit = kRpcDefaultFragment;
  std::uint16_t max_receive = kRpcDefaultFragment;
  std::uint32_t association_group = 0;
  std::vector<RpcContext> contexts;
};

// C706 12.6.3.1 p_cont_def_result_t, and [MS-RPCE] 2.2.2.4.
enum class RpcBindResult : std::uint16_t {
  acceptance = 0,
  user_rejection = 1,
  provider_rejection = 2,
  negotiate_ack = 3
};
enum class RpcBindReason : std::uint16_t {
  not_specified = 0,
  abstract_syntax_not_supported = 1,
  transfer_syntaxes_not_supported = 2,
  local_limit_exceeded = 3,
};

struct RpcContextResult {
  RpcBindResult result = RpcBindResult::acceptance;
  std::uint16_t reason = 0;  // RpcBindReason, or the feature bits of a negotiate_ack
  RpcSyntax transfer;
};

// bind_ack and alter_context_resp.
struct RpcBindAck {
  std::uint16_t max_transmit = kRpcDefaultFragment;
  std::uint16_t max_receive = kRpcDefaultFragment;
  std::uint32_t association_group = 0;
  std::string secondary_address;  // "\PIPE\srvsvc"; empty in alter_context_resp
  std::vector<RpcContextResult> results;
};

// C706 12.6.3.1 p_reject_reason_t, and [MS-RPCE] 2.2.2.5.
enum class RpcNakReason : std::uint16_t {
  not_specified = 0,
  temporary_congestion = 1,
  local_limit_exceeded = 2,
  protocol_version_not_supported = 4,
  authentication_type_not_recognized = 8,
  invalid_checksum = 9,
};

struct RpcRequest {
  std::uint32_t alloc_hint = 0;
  std::uint16_t context_id = 0;
  std::uint16_t opnum = 0;
  std::optional<Guid> object;
  Bytes stub;
};

struct RpcResponse {
  std::uint32_t alloc_hint = 0;
  std::uint16_t context_id = 0;
  Bytes stub;
};

struct RpcFaultBody {
  std::uint16_t context_id = 0;
  std::uint32_t status = 0;
};

// The header alone, from the first sixteen bytes of `bytes`; fails when there are fewer. Not judged further.
Result<RpcHeader> decode_rpc_header(Bytes bytes);
// `bytes` is exactly one fragment. Fails when fragment_length says otherwise or the trailer does not fit.
Result<RpcFragment> decode_rpc_fragment(Bytes bytes);

Result<RpcBind> decode_rpc_bind(Bytes body);
Result<RpcBindAck> decode_rpc_bind_ack(Bytes body);
Result<RpcNakReason> decode_rpc_bind_nak(Bytes body);
Result<RpcRequest> decode_rpc_request(const RpcFragment& fragment);
Result<RpcResponse> decode_rpc_response(Bytes body);
Result<RpcFaultBody> decode_rpc_fault(Bytes body);

// Each yields a whole fragment, lengths filled in. Asserts that it fits 65535 bytes.
ByteVector encode_rpc_bind(RpcType type, std::uint32_t call_id, const RpcBind& bind);
ByteVector encode_rpc_bind_ack(RpcType type, std::uint32_t call_id, const RpcBindAck& ack);
ByteVector encode_rpc_bind_nak(std::uint32_t call_id, RpcNakReason reason);
ByteVector encode_rpc_request(RpcFlags flags, std::uint32_t call_id, const RpcRequest& request);
ByteVector encode_rpc_response(RpcFlags flags, std::uint32_t call_id, const RpcResponse& response);
// `executed`: whether the procedure may have had an effect (DID_NOT_EXECUTE is set when not).
ByteVector encode_rpc_fault(std::uint32_t call_id, const RpcFaultBody& fault, bool executed);

}  // namespace dozo::wire
