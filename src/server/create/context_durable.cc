// The contexts of durable handles and application instances. [MS-SMB2] 2.2.13.2.3, .4, .11 to .13, .15.
#include "server/config.h"
#include "server/connection.h"
#include "server/create/contexts.h"
#include "server/server.h"

namespace dozo::server {
namespace {

// [MS-SMB2] 3.3.5.9.6, note 335: as Windows has it.
constexpr Duration kDurableV1Timeout = std::chrono::minutes(2);
// [MS-SMB2] 3.3.5.9.10, note 344.
constexpr Duration kDurableV2Timeout = std::chrono::seconds(60);
constexpr Duration kDurableTimeoutMax = std::chrono::seconds(300);

Duration durable_timeout(const wire::DurableHandleRequestV2& asked) {
  // [MS-SMB2] 3.3.5.9.10: what is asked for, at most 300 seconds; 0 leaves it to the server.
  const Duration wanted = std::chrono::milliseconds(asked.timeout);
  return asked.timeout == 0 ? kDurableV2Timeout : std::min(wanted, kDurableTimeoutMax);
}

// [MS-SMB2] 3.3.5.9.6, 3.3.5.9.10 note 342: what a client can rely on to keep the open from others.
bool keeps_handle(const share::Grant& caching) {
  return caching.oplock == OplockLevel::batch || caching.lease.has(LeaseBit::handle);
}

bool wants_persistent(const Request& request, const wire::DurableHandleRequestV2& asked) {
  return asked.flags.has(wire::DurableFlag::persistent) && grants_persistent(request);
}

constexpr AccessMask kReplayAccess =
    Access::read_data | Access::execute | Access::write_data | AccessMask(Access::append_data) | Access::delete_object;

void ask_v2(const Request& request, const CreateParameters& parameters, const Open& open, DurableHandle& out) {
  const wire::DurableHandleRequestV2& asked = *parameters.contexts.durable.request_v2;
  out.create_guid = asked.create_guid;
  // [MS-SMB2] 3.3.5.9.10: a directory's open is not durable.
  out.is_persistent = !open.is_directory && wants_persistent(request, asked);
  out.replay_eligible = out.is_persistent || (!open.is_directory && open.granted.has_any(kReplayAccess));
  out.durable_timeout = durable_timeout(asked);
}

}  // namespace

bool grants_persistent(const Request& request) {
  const Negotiated& negotiated = *request.connection.negotiated;
  if (request.server.handles() == nullptr) return false;
  return is_smb3(negotiated.dialect) && request.tree->share->config.continuously_available &&
         negotiated.server_capabilities.has(wire::Capability::persistent_handles);
}

Result<> parse_durable_request(Bytes data, CreateContexts& out) {
  DOZO_CHECK(wire::decode_plain<wire::DurableHandleRequest>(data));
  out.durable.request = true;
  return {};
}

Result<> parse_durable_reconnect(Bytes data, CreateContexts& out) {
  DOZO_TRY(const auto context, wire::decode_plain<wire::DurableHandleReconnect>(data));
  out.durable.reconnect = context.file_id;
  return {};
}

Result<> parse_durable_request_v2(Bytes data, CreateContexts& out) {
  DOZO_TRY(out.durable.request_v2, wire::decode_plain<wire::DurableHandleRequestV2>(data));
  return {};
}

Result<> parse_durable_reconnect_v2(Bytes data, CreateContexts& out) {
  DOZO_TRY(out.durable.reconnect_v2, wire::decode_plain<wire::DurableHandleReconnectV2>(data));
  return {};
}

Result<> parse_app_instance(Bytes data, CreateContexts& out) {
  DOZO_TRY(const auto context, wire::decode_plain<wire::AppInstanceIdContext>(data));
  out.durable.app_instance = context.app_instance_id;
  return {};
}

Result<> parse_app_version(Bytes data, CreateContexts& out) {
  DOZO_TRY(const auto context, wire::decode_plain<wire::AppInstanceVersionContext>(data));
  out.durable.app_version = {context.app_instance_version_high, context.app_instance_version_low};
  return {};
}

Result<> settle_durable_contexts(const Request& request, DurableContexts& contexts) {
  const Dialect dialect = request.connection.negotiated->dialect;
  // [MS-SMB2] 3.3.5.9.10, .12, .13: contexts of 3.x; others do not know them. Versions are of 3.1.1.
  if (!is_smb3(dialect)) {
    contexts.request_v2.reset();
    contexts.reconnect_v2.reset();
    contexts.app_instance.reset();
  }
  if (dialect != Dialect::smb_3_1_1 || !contexts.app_instance) contexts.app_version.reset();

  const bool v1 = contexts.request || contexts.reconnect;
  const bool v2 = contexts.request_v2 || contexts.reconnect_v2;
  // [MS-SMB2] 3.3.5.9.6, .7, .10, .12: not both versions, and not a new open and an old one of version 2.
  if ((v1 && v2) || (contexts.request_v2 && contexts.reconnect_v2)) return fail(NtStatus::INVALID_PARAMETER);
  // [MS-SMB2] 3.3.5.9.7: beside a reconnect the request is ignored.
  if (contexts.reconnect) contexts.request = false;
  return {};
}

std::unique_ptr<DurableHandle> make_durable_handle(const Request& request, const CreateParameters& parameters,
                                                   const CreatePlan& plan, const Open& open,
                                                   const share::Grant& caching) {
  const DurableContexts& asked = parameters.contexts.durable;
  if (!asked.request && !asked.request_v2 && !asked.app_instance) return nullptr;
  auto out = std::make_unique<DurableHandle>();
  out->owner = request.session->valid().token->user;
  out->client_guid = request.connection.negotiated->client_guid;
  out->durable_timeout = kDurableV1Timeout;
  if (caching.oplock == OplockLevel::lease) out->lease = plan.lease;
  if (asked.request_v2) ask_v2(request, parameters, open, *out);
  const bool asked_for = asked.request || asked.request_v2;
  out->is_durable = out->is_persistent || (asked_for && !open.is_directory && keeps_handle(caching));
  out->app_instance = asked.app_instance;
  out->app_version = asked.app_version;
  out->owner_name = request.session->valid().token->user_name;
  out->create_options = parameters.request.create_options;
  out->desired_access = parameters.request.desired_access;
  out->share_access = parameters.request.share_access;
  return out;
}

std::optional<ByteVector> answer_durable_request(const CreateAnswer& answer) {
  const DurableHandle* const handle = answer.open.durable.get();
  // [MS-SMB2] 3.3.5.9.7: not for one that was come back to, which MAY be told.
  if (!answer.parameters.contexts.durable.request || handle == nullptr || !handle->is_durable) return std::nullopt;
  return wire::encode_plain(wire::DurableHandleResponse());
}

std::optional<ByteVector> answer_durable_request_v2(const CreateAnswer& answer) {
  const DurableHandle* const handle = answer.open.durable.get();
  if (!answer.parameters.contexts.durable.request_v2 || handle == nullptr || !handle->is_durable) return std::nullopt;
  if (!handle->is_persistent && !keeps_handle(answer.caching)) return std::nullopt;
  wire::DurableHandleResponseV2 out;
  const auto milliseconds = std::chrono::duration_cast<std::chrono::milliseconds>(handle->durable_timeout);
  out.timeout = static_cast<std::uint32_t>(milliseconds.count());
  if (handle->is_persistent) out.flags |= wire::DurableFlag::persistent;
  return wire::encode_plain(out);
}

}  // namespace dozo::server
