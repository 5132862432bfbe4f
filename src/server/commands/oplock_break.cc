// OPLOCK_BREAK: the acknowledgement of a break. [MS-SMB2] 3.3.5.22.
#include "wire/oplock_break.h"

#include "server/checks.h"
#include "server/commands/commands.h"
#include "server/connection.h"
#include "server/durable/persist.h"
#include "server/server.h"

namespace dozo::server {
namespace {

using runtime::Task;

// What the engine is told about the persistent opens of a file is on the disk before it is answered, and what it says
// to that goes behind the answer.
void withhold_breaks(Request& request, share::OpenId open, const share::FileIdentity& file) {
  if (request.server.handles() == nullptr || request.server.durables().persistent_opens(file).empty()) return;
  request.server.sharing().opens().withhold(open);
  request.announces = open;
}

// [MS-SMB2] 3.3.5.22.1.
Task<Result<Reply>> acknowledge_oplock(Request& request) {
  DOZO_CO_TRY(const auto in, request.decode<wire::OplockBreakAcknowledgment>());
  DOZO_CO_TRY(const OpenRef open, find_open(request, in.file_id));
  if (open->is_pipe()) co_return fail(NtStatus::INVALID_DEVICE_STATE);

  withhold_breaks(request, open->share_id, open->key.file());
  const share::Effects effects = request.server.apply(share::AckOplock{open->share_id, in.oplock_level});
  // Refused or not: a break that is acknowledged wrongly ends with none.
  co_await persist_states(request.server, open->key.file());
  DOZO_CO_CHECK(effects.result());

  co_return Reply::of(
      wire::OplockBreakResponse{.oplock_level = std::get<share::Grant>(effects.answer()).oplock, .file_id = open->id});
}

// [MS-SMB2] 3.3.5.22.2: the lease is this client's, whichever connection it was asked for on.
Task<Result<Reply>> acknowledge_lease(Request& request) {
  DOZO_CO_TRY(const auto in, request.decode<wire::LeaseBreakAcknowledgment>());
  const share::LeaseId lease{request.connection.negotiated->client_guid, in.lease_key};

  const std::vector<OpenHome> opens = request.server.sharing().opens().find_lease(lease);
  if (!opens.empty()) withhold_breaks(request, opens.front().id, opens.front().file);
  const share::Effects effects = request.server.apply(share::AckLease{lease, in.lease_state});
  DOZO_CO_CHECK(effects.result());
  if (!opens.empty()) co_await persist_states(request.server, opens.front().file);

  co_return Reply::of(wire::LeaseBreakResponse{.lease_key = in.lease_key,
                                               .lease_state = std::get<share::Grant>(effects.answer()).lease});
}

}  // namespace

Task<Result<Reply>> handle_oplock_break(Request& request) {
  const bool leases = request.connection.negotiated->dialect != Dialect::smb_2_0_2;
  if (leases && wire::is_lease_break(request.message)) co_return co_await acknowledge_lease(request);
  co_return co_await acknowledge_oplock(request);
}

}  // namespace dozo::server
