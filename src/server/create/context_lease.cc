// Oplocks and leases as CREATE asks for them. [MS-SMB2] 3.3.5.9 "Oplock Acquisition", 3.3.5.9.8, 3.3.5.9.11.
#include "server/connection.h"
#include "server/create/contexts.h"
#include "wire/create_contexts.h"

namespace dozo::server {
namespace {

constexpr LeaseState kLeaseBits = LeaseBit::read | LeaseBit::handle | LeaseBit::write;

share::LeaseRequest request_of(const wire::LeaseContext& context) {
  return {.key = context.lease_key, .state = context.lease_state & kLeaseBits};
}

share::LeaseRequest request_of(const wire::LeaseContextV2& context) {
  share::LeaseRequest out{.key = context.lease_key, .state = context.lease_state & kLeaseBits};
  if (context.flags.has(wire::LeaseFlag::parent_lease_key_set)) out.parent_key = context.parent_lease_key;
  out.epoch = context.epoch;
  out.v2 = true;
  return out;
}

// The lease of a request that asks for one; nullopt where the context is to be ignored.
Result<std::optional<share::LeaseRequest>> wanted_lease(Dialect dialect, const CreateContexts& contexts) {
  if (dialect == Dialect::smb_2_0_2 || !contexts.lease) return std::nullopt;
  const Bytes data = *contexts.lease;
  if (data.size() == wire::kLeaseContextSize) {
    DOZO_TRY(const auto context, wire::decode_plain<wire::LeaseContext>(data));
    return request_of(context);
  }
  // [MS-SMB2] 3.3.5.9: of neither version's size.
  if (data.size() != wire::kLeaseV2ContextSize) return fail(NtStatus::INVALID_PARAMETER);
  // [MS-SMB2] 3.3.5.9.11: version 2 outside of SMB 3.x is ignored.
  if (!is_smb3(dialect)) return std::nullopt;
  DOZO_TRY(const auto context, wire::decode_plain<wire::LeaseContextV2>(data));
  return request_of(context);
}

}  // namespace

Result<> parse_lease(Bytes data, CreateContexts& out) {
  // Whether it counts, and what its size has to be, the requested oplock level and the dialect say: plan_caching().
  out.lease = data;
  return {};
}

Result<> plan_caching(const Request& request, const CreateParameters& parameters, CreatePlan& plan) {
  switch (parameters.request.requested_oplock_level) {
    case OplockLevel::level_ii:
    case OplockLevel::exclusive:
    case OplockLevel::batch:
      plan.oplock = parameters.request.requested_oplock_level;
      break;
    case OplockLevel::lease: {
      DOZO_TRY(plan.lease, wanted_lease(request.connection.negotiated->dialect, parameters.contexts));
      // [MS-SMB2] 3.3.5.9.8: without the context the lease request is ignored.
      plan.oplock = plan.lease ? OplockLevel::lease : OplockLevel::none;
      break;
    }
    default:
      break;
  }
  return {};
}

std::optional<ByteVector> answer_lease(const CreateAnswer& answer) {
  if (answer.caching.oplock != OplockLevel::lease || !answer.plan.lease) return std::nullopt;
  const share::Grant& granted = answer.caching;
  const Guid key = answer.plan.lease->key;
  wire::LeaseFlags flags;
  if (granted.break_in_progress) flags |= wire::LeaseFlag::break_in_progress;
  // The lease's version counts, not that of this request for it.
  if (!granted.lease_v2) {
    return wire::encode_plain(wire::LeaseContext{.lease_key = key, .lease_state = granted.lease, .lease_flags = flags});
  }
  if (granted.parent_key) flags |= wire::LeaseFlag::parent_lease_key_set;
  return wire::encode_plain(wire::LeaseContextV2{.lease_key = key,
                                                 .lease_state = granted.lease,
                                                 .flags = flags,
                                                 .parent_lease_key = granted.parent_key.value_or(Guid{}),
                                                 .epoch = granted.epoch});
}

}  // namespace dozo::server
