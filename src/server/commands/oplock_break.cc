// OPLOCK_BREAK: the acknowledgement of a break. [MS-SMB2] 3.3.5.22.
#include "wire/oplock_break.h"

#include "server/checks.h"
#include "server/commands/commands.h"
#include "server/connection.h"
#include "server/server.h"

namespace dozo::server {
namespace {

// [MS-SMB2] 3.3.5.22.1.
Result<Reply> acknowledge_oplock(Request& request) {
  DOZO_TRY(const auto in, request.decode<wire::OplockBreakAcknowledgment>());
  DOZO_TRY(const OpenRef open, find_open(request, in.file_id));
  if (open->is_pipe()) return fail(NtStatus::INVALID_DEVICE_STATE);

  const share::Effects effects = request.server.apply(share::AckOplock{open->share_id, in.oplock_level});
  DOZO_CHECK(effects.result());

  return Reply::of(wire::OplockBreakResponse{.oplock_level = std::get<share::Grant>(effects.answer()).oplock,
                                             .file_id = open->id});
}

// [MS-SMB2] 3.3.5.22.2: the lease is this client's, whichever connection it was asked for on.
Result<Reply> acknowledge_lease(Request& request) {
  DOZO_TRY(const auto in, request.decode<wire::LeaseBreakAcknowledgment>());
  const share::LeaseId lease{request.connection.negotiated->client_guid, in.lease_key};

  const share::Effects effects = request.server.apply(share::AckLease{lease, in.lease_state});
  DOZO_CHECK(effects.result());

  return Reply::of(wire::LeaseBreakResponse{.lease_key = in.lease_key,
                                            .lease_state = std::get<share::Grant>(effects.answer()).lease});
}

}  // namespace

runtime::Task<Result<Reply>> handle_oplock_break(Request& request) {
  const bool leases = request.connection.negotiated->dialect != Dialect::smb_2_0_2;
  if (leases && wire::is_lease_break(request.message)) co_return acknowledge_lease(request);
  co_return acknowledge_oplock(request);
}

}  // namespace dozo::server
