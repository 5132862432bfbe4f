#include "rpc/association.h"

#include <algorithm>

#include "base/log.h"

namespace dozo::rpc {
namespace {

using wire::RpcFlag;
using wire::RpcType;

constexpr std::size_t kContextsMax = 64;
// [MS-RPCE] 3.3.1.5.3: what of the bind time features is ours. Orphaned PDUs are understood; security contexts are not.
constexpr std::uint64_t kFeatures = 0x02;

Association::Answer answer_with(ByteVector fragment, bool broken = false) {
  Association::Answer answer;
  answer.fragments.push_back(std::move(fragment));
  answer.broken = broken;
  return answer;
}

Association::Answer fault(std::uint32_t call_id, std::uint16_t context_id, Fault status, bool broken = false) {
  const wire::RpcFaultBody body{.context_id = context_id, .status = static_cast<std::uint32_t>(status)};
  return answer_with(wire::encode_rpc_fault(call_id, body, /*executed=*/false), broken);
}

// [MS-RPCE] 3.1.3.5.2 and 3.3.3.5: a fault PDU with nca_s_proto_error, and the connection ends.
Association::Answer protocol_error(std::uint32_t call_id) { return fault(call_id, 0, Fault::protocol_error, true); }

Association::Answer nak(std::uint32_t call_id, wire::RpcNakReason reason, bool broken = false) {
  return answer_with(wire::encode_rpc_bind_nak(call_id, reason), broken);
}

wire::RpcContextResult rejected(wire::RpcBindReason reason) {
  return {wire::RpcBindResult::provider_rejection, static_cast<std::uint16_t>(reason), {}};
}

bool is_whole(const wire::RpcHeader& header) { return header.flags.has_all(wire::kRpcWhole); }

std::uint16_t agreed_fragment(std::uint16_t asked) {
  // C706 12.6.3.1: everybody can take 1432 bytes, whatever they say.
  return std::clamp(asked, wire::kRpcMinFragment, wire::kRpcDefaultFragment);
}

}  // namespace

std::optional<Association::Answer> Association::refuse(const wire::RpcHeader& header) const {
  // [MS-RPCE] 3.3.1.5.1: 5.0 only. [MS-RPCE] 2.2.4.1 has little-endian ASCII; another form's lengths mean nothing here.
  if (header.version != 5 || header.version_minor != 0 || header.data_representation != 0x10) {
    if (header.is(RpcType::bind)) {
      return nak(header.call_id, wire::RpcNakReason::protocol_version_not_supported, true);
    }
    return protocol_error(header.call_id);
  }
  if (header.fragment_length < wire::kRpcHeaderSize || header.fragment_length > max_receive_) {
    return protocol_error(header.call_id);
  }
  return std::nullopt;
}

Association::Answer Association::receive(Bytes bytes, Host& host) {
  const auto fragment = wire::decode_rpc_fragment(bytes);
  if (!fragment) return {.fragments = {}, .broken = true};
  switch (static_cast<RpcType>(fragment->header.type)) {
    case RpcType::bind:
      return bind(*fragment, host);
    case RpcType::alter_context:
      return alter_context(*fragment);
    case RpcType::request:
      return request(*fragment, host);
    case RpcType::orphaned:
      return orphaned(*fragment);
    case RpcType::co_cancel:  // every call is answered before the next PDU is looked at
    case RpcType::auth3:      // [MS-RPCE] 2.2.2.10: has no answer; the bind it belongs to was refused
      return {};
    default:
      return protocol_error(fragment->header.call_id);
  }
}

Association::Answer Association::bind(const wire::RpcFragment& fragment, Host& host) {
  const std::uint32_t call_id = fragment.header.call_id;
  const auto asked = wire::decode_rpc_bind(fragment.body);
  if (!asked || asked->contexts.empty() || !is_whole(fragment.header)) {
    return nak(call_id, wire::RpcNakReason::not_specified, true);
  }
  if (bound_) return nak(call_id, wire::RpcNakReason::not_specified);
  // [MS-RPCE] 2.2.2.5: no security provider is known here, and the session already says who calls.
  if (fragment.auth) return nak(call_id, wire::RpcNakReason::authentication_type_not_recognized);

  bound_ = true;
  max_transmit_ = agreed_fragment(asked->max_receive);
  max_receive_ = agreed_fragment(asked->max_transmit);
  // C706 12.6.3.5: a client that asks for a group means more connections of one association. Context handles are not
  // shared between pipes here; what needs none works.
  group_ = asked->association_group;
  if (group_ == 0) group_ = load_le<std::uint32_t>(host.random_guid().bytes.data()) | 1;

  wire::RpcBindAck ack;
  ack.max_transmit = max_transmit_;
  ack.max_receive = max_receive_;
  ack.association_group = group_;
  ack.secondary_address = "\\PIPE\\" + std::string(info_.name);
  ack.results = negotiate_all(asked->contexts);
  return answer_with(wire::encode_rpc_bind_ack(RpcType::bind_ack, call_id, ack));
}

Association::Answer Association::alter_context(const wire::RpcFragment& fragment) {
  const std::uint32_t call_id = fragment.header.call_id;
  const auto asked = wire::decode_rpc_bind(fragment.body);
  if (!asked || asked->contexts.empty() || !bound_ || !is_whole(fragment.header)) return protocol_error(call_id);
  if (fragment.auth) return fault(call_id, 0, Fault::access_denied);

  wire::RpcBindAck ack;
  ack.max_transmit = max_transmit_;
  ack.max_receive = max_receive_;
  ack.association_group = group_;
  ack.results = negotiate_all(asked->contexts);
  return answer_with(wire::encode_rpc_bind_ack(RpcType::alter_context_resp, call_id, ack));
}

std::vector<wire::RpcContextResult> Association::negotiate_all(const std::vector<wire::RpcContext>& contexts) {
  std::vector<wire::RpcContextResult> results;
  for (const wire::RpcContext& context : contexts) results.push_back(negotiate(context));
  return results;
}

wire::RpcContextResult Association::negotiate(const wire::RpcContext& context) {
  if (context.transfers.size() == 1) {
    // [MS-RPCE] 3.3.1.5.3: the answer's bits are those both know; its transfer syntax is zero.
    if (const auto features = wire::bind_time_features(context.transfers.front())) {
      return {wire::RpcBindResult::negotiate_ack, static_cast<std::uint16_t>(*features & kFeatures), {}};
    }
  }
  // [MS-RPCE] 3.3.1.5.6.
  const Interface* interface = find_interface(context.abstract);
  if (interface == nullptr) return rejected(wire::RpcBindReason::abstract_syntax_not_supported);
  if (std::find(context.transfers.begin(), context.transfers.end(), wire::kNdr20) == context.transfers.end()) {
    return rejected(wire::RpcBindReason::transfer_syntaxes_not_supported);
  }
  if (contexts_.size() >= kContextsMax && !contexts_.contains(context.id)) {
    return rejected(wire::RpcBindReason::local_limit_exceeded);
  }
  contexts_[context.id] = interface;
  return {wire::RpcBindResult::acceptance, 0, wire::kNdr20};
}

const Interface* Association::find_interface(const wire::RpcSyntax& abstract) const {
  for (const Interface* i : info_.interfaces) {
    // C706 6.1.2: the same major version, and a minor one no newer than the server's.
    const bool same = i->syntax.uuid == abstract.uuid && i->syntax.major == abstract.major;
    if (same && abstract.minor <= i->syntax.minor) return i;
  }
  return nullptr;
}

Association::Answer Association::request(const wire::RpcFragment& fragment, Host& host) {
  const std::uint32_t call_id = fragment.header.call_id;
  const auto part = wire::decode_rpc_request(fragment);
  if (!part || !bound_) return protocol_error(call_id);
  if (fragment.auth) return fault(call_id, part->context_id, Fault::access_denied, true);
  if (!take_stub(fragment, *part)) return protocol_error(call_id);
  if (pending_->stub.size() > limits_.request_max) return fault(call_id, part->context_id, Fault::too_large, true);
  if (!fragment.header.flags.has(RpcFlag::last_frag)) return {};

  const Pending call = std::move(*pending_);
  pending_.reset();
  return dispatch(call, host);
}

// Adds a fragment to the call it belongs to. C706 12.6.2: fragments of one call come in order, one call at a time.
bool Association::take_stub(const wire::RpcFragment& fragment, const wire::RpcRequest& part) {
  if (fragment.header.flags.has(RpcFlag::first_frag) == pending_.has_value()) return false;
  if (!pending_) pending_ = Pending{fragment.header.call_id, part.context_id, part.opnum, {}};
  if (pending_->call_id != fragment.header.call_id) return false;
  pending_->stub.insert(pending_->stub.end(), part.stub.begin(), part.stub.end());
  return true;
}

Association::Answer Association::orphaned(const wire::RpcFragment& fragment) {
  if (pending_ && pending_->call_id == fragment.header.call_id) pending_.reset();
  return {};
}

Association::Answer Association::dispatch(const Pending& call, Host& host) {
  const auto context = contexts_.find(call.context_id);
  if (context == contexts_.end()) return fault(call.call_id, call.context_id, Fault::unknown_interface);
  const Interface& interface = *context->second;
  const Procedure* procedure = find_procedure(interface, call.opnum);
  if (procedure == nullptr || procedure->handler == nullptr) {
    log::debug("rpc_unsupported", "{} opnum {} {}", interface.name, call.opnum, procedure ? procedure->name : "(none)");
    return fault(call.call_id, call.context_id, Fault::op_range_error);
  }
  if (procedure->callers != For::everybody && host.caller().is_anonymous) {
    return fault(call.call_id, call.context_id, Fault::access_denied);
  }
  wire::NdrReader in(call.stub);
  wire::NdrWriter out;
  Call arguments{.in = in, .out = out, .host = host, .handles = handles_};
  const CallResult result = procedure->handler(arguments);
  if (result != Fault::none) {
    log::debug("rpc_fault", "{} {}: {:#x}", interface.name, procedure->name, static_cast<std::uint32_t>(result));
    return fault(call.call_id, call.context_id, result);
  }
  return respond(call, out.view());
}

Association::Answer Association::respond(const Pending& call, Bytes stub) const {
  // Stub data of every fragment but the last is a multiple of eight, so that alignment goes on, C706 12.6.3.1.
  const std::size_t room = (max_transmit_ - wire::kRpcRequestHeaderSize) / 8 * 8;
  Answer answer;
  wire::RpcFlags flags = RpcFlag::first_frag;
  do {
    const Bytes part = stub.first(std::min(room, stub.size()));
    // [MS-RPCE] 2.2.2.6: alloc_hint is what is left, this fragment included.
    const auto hint = static_cast<std::uint32_t>(stub.size());
    stub = stub.subspan(part.size());
    if (stub.empty()) flags |= RpcFlag::last_frag;
    answer.fragments.push_back(wire::encode_rpc_response(flags, call.call_id, {hint, call.context_id, part}));
    flags = {};
  } while (!stub.empty());
  return answer;
}

}  // namespace dozo::rpc
