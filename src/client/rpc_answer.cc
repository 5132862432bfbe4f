#include "client/rpc_answer.h"

#include "model/rpc_status.h"

namespace dozo::client {
namespace {

constexpr std::uint8_t kLittleEndian = 0x10;  // the upper half of the first byte of the data representation

std::unexpected<NtStatus> not_an_answer() { return fail(NtStatus::INVALID_NETWORK_RESPONSE); }

}  // namespace

Result<> RpcAnswer::take(Bytes bytes) {
  // Who says nothing, or goes on after the end, is not answering.
  if (bytes.empty() || whole_) return not_an_answer();
  unread_.insert(unread_.end(), bytes.begin(), bytes.end());
  std::size_t done = 0;
  while (unread_.size() - done >= wire::kRpcHeaderSize) {
    const Bytes rest = Bytes(unread_).subspan(done);
    DOZO_TRY(const auto header, wire::decode_rpc_header(rest));
    DOZO_CHECK(check_header(header));
    if (rest.size() < header.fragment_length) break;
    DOZO_CHECK(take_fragment(rest.first(header.fragment_length)));
    done += header.fragment_length;
  }
  unread_.erase(unread_.begin(), unread_.begin() + static_cast<std::ptrdiff_t>(done));
  if (whole_ && !unread_.empty()) return not_an_answer();
  return {};
}

Result<> RpcAnswer::check_header(const wire::RpcHeader& header) const {
  if (whole_ || header.version != 5 || header.version_minor > 1) return not_an_answer();
  // C706 14.2.5: we speak little-endian, and a receiver makes right; no SMB server is of another order.
  if ((header.data_representation & 0xF0) != kLittleEndian) return not_an_answer();
  if (header.fragment_length < wire::kRpcHeaderSize || header.call_id != call_id_) return not_an_answer();
  // C706 12.6.3.1: the first fragment of an answer says so, and no other.
  if (header.flags.has(wire::RpcFlag::first_frag) == type_.has_value()) return not_an_answer();
  if (type_ && *type_ != header.type) return not_an_answer();
  return {};
}

Result<> RpcAnswer::take_fragment(Bytes bytes) {
  const auto fragment = wire::decode_rpc_fragment(bytes);
  if (!fragment) return not_an_answer();
  Bytes body = fragment->body;
  if (fragment->header.is(wire::RpcType::response)) {
    const auto response = wire::decode_rpc_response(body);
    if (!response) return not_an_answer();
    body = response->stub;
  }
  whole_ = fragment->header.flags.has(wire::RpcFlag::last_frag);
  // Only responses come in pieces, and none of them is empty but the last: an answer of nothing has no end.
  if (!whole_ && (body.empty() || !fragment->header.is(wire::RpcType::response))) return not_an_answer();
  if (body.size() > body_max_ - body_.size()) return not_an_answer();
  type_ = fragment->header.type;
  body_.insert(body_.end(), body.begin(), body.end());
  return {};
}

NtStatus status_of_fault(std::uint32_t fault) {
  switch (fault) {
    case 0x00000005:  // ERROR_ACCESS_DENIED
      return NtStatus::ACCESS_DENIED;
    case 0x000006F7:  // RPC_X_BAD_STUB_DATA
      return kRpcBadStubData;
    case 0x1C010002:  // nca_s_op_rng_error
      return kRpcProcedureOutOfRange;
    case 0x1C010003:  // nca_s_unk_if
      return kRpcUnknownInterface;
    default:
      return kRpcCallFailed;
  }
}

}  // namespace dozo::client
