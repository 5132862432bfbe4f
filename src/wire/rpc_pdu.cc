#include "wire/rpc_pdu.h"

#include <algorithm>

#include "base/assert.h"
#include "model/nt_status.h"

namespace dozo::wire {
namespace {

constexpr std::size_t kAuthTrailerSize = 8;
constexpr std::size_t kSyntaxSize = 20;
constexpr std::size_t kContextSizeMin = 4 + kSyntaxSize;
constexpr std::size_t kResultSize = 4 + kSyntaxSize;
constexpr std::size_t kLengthAt = 8;  // of fragment_length in the header

constexpr RpcSyntax syntax_of(std::array<std::uint8_t, 16> uuid, std::uint16_t major) { return {{uuid}, major, 0}; }

Guid read_guid(ByteReader& in) { return {in.array<16>()}; }

RpcSyntax read_syntax(ByteReader& in) {
  RpcSyntax s;
  s.uuid = read_guid(in);
  s.major = in.u16();
  s.minor = in.u16();
  return s;
}

void write_syntax(ByteWriter& out, const RpcSyntax& s) {
  out.bytes(s.uuid.bytes);
  out.u16(s.major);
  out.u16(s.minor);
}

RpcContext read_context(ByteReader& in) {
  RpcContext c;
  c.id = in.u16();
  const std::uint8_t transfers = in.u8();
  in.skip(1);
  c.abstract = read_syntax(in);
  if (transfers > in.remaining() / kSyntaxSize) in.set_bad();
  for (int i = 0; in.ok() && i < transfers; ++i) c.transfers.push_back(read_syntax(in));
  return c;
}

std::unexpected<NtStatus> not_a_pdu() { return fail(NtStatus::INVALID_PARAMETER); }

// Starts a fragment: the header with lengths still zero.
ByteWriter begin(RpcType type, RpcFlags flags, std::uint32_t call_id) {
  ByteWriter out;
  out.u8(5);  // [MS-RPCE] 3.3.1.5.1: version 5.0 only
  out.u8(0);
  out.u8(static_cast<std::uint8_t>(type));
  out.u8(flags.bits());
  out.u32(0x10);  // little-endian, ASCII, IEEE
  out.u16(0);
  out.u16(0);
  out.u32(call_id);
  return out;
}

ByteVector finish(ByteWriter out) {
  DOZO_ASSERT(out.size() <= UINT16_MAX);
  out.patch(kLengthAt, static_cast<std::uint16_t>(out.size()));
  return std::move(out).take();
}

// Cuts trailer and padding off the end of `body`. C706 13.2.6.1.
bool cut_auth_trailer(RpcFragment& fragment) {
  const std::size_t trailer = kAuthTrailerSize + fragment.header.auth_length;
  if (trailer > fragment.body.size()) return false;
  ByteReader in(fragment.body.last(trailer));
  RpcAuthTrailer auth;
  auth.type = in.u8();
  auth.level = in.u8();
  auth.pad_length = in.u8();
  in.skip(1);
  auth.context_id = in.u32();
  auth.token = in.rest();
  fragment.body = fragment.body.first(fragment.body.size() - trailer);
  if (auth.pad_length > fragment.body.size()) return false;
  fragment.body = fragment.body.first(fragment.body.size() - auth.pad_length);
  fragment.auth = auth;
  return true;
}

}  // namespace

const RpcSyntax kNdr20 =
    syntax_of({0x04, 0x5d, 0x88, 0x8a, 0xeb, 0x1c, 0xc9, 0x11, 0x9f, 0xe8, 0x08, 0x00, 0x2b, 0x10, 0x48, 0x60}, 2);
const RpcSyntax kNdr64 =
    syntax_of({0x33, 0x05, 0x71, 0x71, 0xba, 0xbe, 0x37, 0x49, 0x83, 0x19, 0xb5, 0xdb, 0xef, 0x9c, 0xcc, 0x36}, 1);

std::optional<std::uint64_t> bind_time_features(const RpcSyntax& syntax) {
  // [MS-RPCE] 3.3.1.5.3: the prefix 6CB71C2C-9812-4540, version 1.0; the other eight octets are the bitmask.
  constexpr std::array<std::uint8_t, 8> kPrefix = {0x2c, 0x1c, 0xb7, 0x6c, 0x12, 0x98, 0x40, 0x45};
  if (syntax.major != 1 || syntax.minor != 0) return std::nullopt;
  if (!std::equal(kPrefix.begin(), kPrefix.end(), syntax.uuid.bytes.begin())) return std::nullopt;
  return load_le<std::uint64_t>(syntax.uuid.bytes.data() + kPrefix.size());
}

Result<RpcHeader> decode_rpc_header(Bytes bytes) {
  ByteReader in(bytes);
  RpcHeader h;
  h.version = in.u8();
  h.version_minor = in.u8();
  h.type = in.u8();
  h.flags = RpcFlags::from_wire(in.u8());
  h.data_representation = in.u8();
  in.skip(3);
  h.fragment_length = in.u16();
  h.auth_length = in.u16();
  h.call_id = in.u32();
  if (!in.ok()) return not_a_pdu();
  return h;
}

Result<RpcFragment> decode_rpc_fragment(Bytes bytes) {
  RpcFragment fragment;
  DOZO_TRY(fragment.header, decode_rpc_header(bytes));
  if (fragment.header.fragment_length != bytes.size()) return not_a_pdu();
  fragment.body = bytes.subspan(kRpcHeaderSize);
  if (fragment.header.auth_length != 0 && !cut_auth_trailer(fragment)) return not_a_pdu();
  return fragment;
}

Result<RpcBind> decode_rpc_bind(Bytes body) {
  ByteReader in(body);
  RpcBind bind;
  bind.max_transmit = in.u16();
  bind.max_receive = in.u16();
  bind.association_group = in.u32();
  const std::uint8_t contexts = in.u8();
  in.skip(3);
  if (contexts > in.remaining() / kContextSizeMin) return not_a_pdu();
  for (int i = 0; in.ok() && i < contexts; ++i) bind.contexts.push_back(read_context(in));
  if (!in.ok()) return not_a_pdu();
  return bind;
}

Result<RpcBindAck> decode_rpc_bind_ack(Bytes body) {
  ByteReader in(body);
  RpcBindAck ack;
  ack.max_transmit = in.u16();
  ack.max_receive = in.u16();
  ack.association_group = in.u32();
  const Bytes address = in.bytes(in.u16());
  if (!address.empty()) ack.secondary_address = as_text(address.first(address.size() - 1));
  in.align(4);
  const std::uint8_t results = in.u8();
  in.skip(3);
  if (results > in.remaining() / kResultSize) return not_a_pdu();
  for (int i = 0; in.ok() && i < results; ++i) {
    RpcContextResult r;
    r.result = static_cast<RpcBindResult>(in.u16());
    r.reason = in.u16();
    r.transfer = read_syntax(in);
    ack.results.push_back(r);
  }
  if (!in.ok()) return not_a_pdu();
  return ack;
}

Result<RpcNakReason> decode_rpc_bind_nak(Bytes body) {
  ByteReader in(body);
  const auto reason = static_cast<RpcNakReason>(in.u16());
  if (!in.ok()) return not_a_pdu();
  return reason;
}

Result<RpcRequest> decode_rpc_request(const RpcFragment& fragment) {
  ByteReader in(fragment.body);
  RpcRequest request;
  request.alloc_hint = in.u32();
  request.context_id = in.u16();
  request.opnum = in.u16();
  if (fragment.header.flags.has(RpcFlag::object_uuid)) request.object = read_guid(in);
  if (!in.ok()) return not_a_pdu();
  request.stub = in.rest();
  return request;
}

Result<RpcResponse> decode_rpc_response(Bytes body) {
  ByteReader in(body);
  RpcResponse response;
  response.alloc_hint = in.u32();
  response.context_id = in.u16();
  in.skip(2);
  if (!in.ok()) return not_a_pdu();
  response.stub = in.rest();
  return response;
}

Result<RpcFaultBody> decode_rpc_fault(Bytes body) {
  ByteReader in(body);
  RpcFaultBody fault;
  in.skip(4);
  fault.context_id = in.u16();
  in.skip(2);
  fault.status = in.u32();
  if (!in.ok()) return not_a_pdu();
  return fault;
}

ByteVector encode_rpc_bind(RpcType type, std::uint32_t call_id, const RpcBind& bind) {
  ByteWriter out = begin(type, kRpcWhole, call_id);
  out.u16(bind.max_transmit);
  out.u16(bind.max_receive);
  out.u32(bind.association_group);
  DOZO_ASSERT(bind.contexts.size() <= UINT8_MAX);
  out.u32(static_cast<std::uint8_t>(bind.contexts.size()));
  for (const RpcContext& c : bind.contexts) {
    DOZO_ASSERT(c.transfers.size() <= UINT8_MAX);
    out.u16(c.id);
    out.u16(static_cast<std::uint8_t>(c.transfers.size()));
    write_syntax(out, c.abstract);
    for (const RpcSyntax& s : c.transfers) write_syntax(out, s);
  }
  return finish(std::move(out));
}

ByteVector encode_rpc_bind_ack(RpcType type, std::uint32_t call_id, const RpcBindAck& ack) {
  ByteWriter out = begin(type, kRpcWhole, call_id);
  out.u16(ack.max_transmit);
  out.u16(ack.max_receive);
  out.u32(ack.association_group);
  // C706 12.6.3.1 port_any_t: the length counts the terminator; an absent address has length 0.
  const std::size_t length = ack.secondary_address.empty() ? 0 : ack.secondary_address.size() + 1;
  out.u16(static_cast<std::uint16_t>(length));
  out.bytes(as_bytes(ack.secondary_address));
  if (length != 0) out.u8(0);
  out.align(4);
  DOZO_ASSERT(ack.results.size() <= UINT8_MAX);
  out.u32(static_cast<std::uint8_t>(ack.results.size()));
  for (const RpcContextResult& r : ack.results) {
    out.u16(static_cast<std::uint16_t>(r.result));
    out.u16(r.reason);
    write_syntax(out, r.transfer);
  }
  return finish(std::move(out));
}

ByteVector encode_rpc_bind_nak(std::uint32_t call_id, RpcNakReason reason) {
  ByteWriter out = begin(RpcType::bind_nak, kRpcWhole, call_id);
  out.u16(static_cast<std::uint16_t>(reason));
  out.u8(1);  // C706 12.6.3.1 p_rt_versions_supported_t: one, 5.0
  out.u8(5);
  out.u8(0);
  return finish(std::move(out));
}

ByteVector encode_rpc_request(RpcFlags flags, std::uint32_t call_id, const RpcRequest& request) {
  if (request.object) flags |= RpcFlag::object_uuid;
  ByteWriter out = begin(RpcType::request, flags, call_id);
  out.u32(request.alloc_hint);
  out.u16(request.context_id);
  out.u16(request.opnum);
  if (request.object) out.bytes(request.object->bytes);
  out.bytes(request.stub);
  return finish(std::move(out));
}

ByteVector encode_rpc_response(RpcFlags flags, std::uint32_t call_id, const RpcResponse& response) {
  ByteWriter out = begin(RpcType::response, flags, call_id);
  out.u32(response.alloc_hint);
  out.u16(response.context_id);
  out.u16(0);
  out.bytes(response.stub);
  return finish(std::move(out));
}

ByteVector encode_rpc_fault(std::uint32_t call_id, const RpcFaultBody& fault, bool executed) {
  RpcFlags flags = kRpcWhole;
  if (!executed) flags |= RpcFlag::did_not_execute;
  ByteWriter out = begin(RpcType::fault, flags, call_id);
  out.u32(0x20);  // [MS-RPCE] 2.2.2.8: what lies beyond 0x20 would be extended error information
  out.u16(fault.context_id);
  out.u16(0);
  out.u32(fault.status);
  out.u32(0);
  return finish(std::move(out));
}

}  // namespace dozo::wire
