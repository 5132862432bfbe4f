// FSCTL_LMR_REQUEST_RESILIENCY. [MS-SMB2] 3.3.5.15.9.
#include "server/checks.h"
#include "server/connection.h"
#include "server/fsctl/functions.h"
#include "server/request.h"
#include "server/server.h"
#include "wire/fscc/fsctl.h"

namespace dozo::server {
namespace {

// [MS-SMB2] 3.3.1.5 MaxResiliencyTimeout, and what a request of 0 gets (note 401).
constexpr Duration kResiliencyMax = std::chrono::seconds(300);
constexpr Duration kResiliencyDefault = std::chrono::seconds(120);

}  // namespace

FsctlTask lmr_request_resiliency(FsctlCall& call) {
  Open& open = *call.open;
  DOZO_CO_CHECK(check_not_anonymous(call.request));  // nobody could not come back to it
  if (call.request.connection.negotiated->dialect == Dialect::smb_2_0_2) {
    co_return fail(NtStatus::INVALID_DEVICE_REQUEST);
  }
  // A directory's listing and a pipe's conversation do not outlive their connection.
  if (open.is_pipe() || open.is_directory) co_return fail(NtStatus::NOT_SUPPORTED);
  if (call.input.size() < wire::encoded_size(wire::NetworkResiliencyRequest())) {
    co_return fail(NtStatus::INVALID_PARAMETER);
  }
  DOZO_CO_TRY(const auto asked, wire::decode_plain<wire::NetworkResiliencyRequest>(call.input));
  const Duration timeout = std::chrono::milliseconds(asked.timeout);
  if (timeout > kResiliencyMax) co_return fail(NtStatus::INVALID_PARAMETER);

  if (!open.durable) {
    open.durable = std::make_unique<DurableHandle>();
    open.durable->client_guid = call.request.connection.negotiated->client_guid;
    open.durable->owner_name = call.request.session->valid().token->user_name;
    if (const auto info = call.request.server.engine().find_open(open.share_id); info && open.lease) {
      open.durable->lease = share::LeaseRequest{.key = open.lease->key, .v2 = info->caching.lease_v2};
    }
  }
  DurableHandle& handle = *open.durable;
  handle.is_durable = false;
  handle.is_resilient = true;
  handle.resilient_timeout = asked.timeout == 0 ? kResiliencyDefault : timeout;
  handle.owner = call.request.session->valid().token->user;
  co_return FsctlAnswer();
}

}  // namespace dozo::server
