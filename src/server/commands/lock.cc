// LOCK. [MS-SMB2] 3.3.5.14.
#include "wire/lock.h"

#include "server/caches.h"
#include "server/checks.h"
#include "server/commands/commands.h"
#include "server/connection.h"
#include "server/durable/persist.h"
#include "server/server.h"
#include "server/tickets.h"

namespace dozo::server {
namespace {

using runtime::Task;

constexpr std::uint32_t kSequenceIndexMax = 64;  // [MS-SMB2] 3.3.1.10 Open.LockSequenceArray

// [MS-SMB2] 3.3.5.14: not in dialect 2.0.2; verified for opens that a client may come back to, and on connections with
// several channels.
std::optional<share::LockSequence> sequence_to_verify(const Request& request, const Open& open,
                                                      const wire::LockRequest& lock) {
  const Negotiated& negotiated = *request.connection.negotiated;
  const std::uint32_t index = lock.lock_sequence_index();
  if (negotiated.dialect == Dialect::smb_2_0_2 || index == 0 || index > kSequenceIndexMax) return std::nullopt;
  const bool preserved = open.durable && open.durable->may_be_preserved();
  const bool channels =
      is_smb3(negotiated.dialect) && negotiated.server_capabilities.has(wire::Capability::multi_channel);
  if (!preserved && !channels) return std::nullopt;
  return share::LockSequence{index, lock.lock_sequence_number()};
}

share::LockRequest engine_request(const Request& request, const Open& open, const wire::LockRequest& lock,
                                  share::TicketId ticket) {
  share::LockRequest out;
  out.open = open.share_id;
  out.ticket = ticket;
  out.sequence = sequence_to_verify(request, open, lock);
  for (const wire::LockElement& element : lock.locks) {
    out.elements.push_back(share::lock_element_from_wire(element.offset, element.length, element.flags.bits()));
  }
  return out;
}

}  // namespace

Task<Result<Reply>> handle_lock(Request& request) {
  DOZO_CO_TRY(const auto lock, request.decode<wire::LockRequest>());
  if (lock.locks.empty()) co_return fail(NtStatus::INVALID_PARAMETER);  // [MS-SMB2] 2.2.26: LockCount is at least 1

  DOZO_CO_TRY(const OpenRef open, find_open(request, lock.file_id));

  DOZO_CO_CHECK(check_not_pipe(*open));
  // [MS-FSA] 2.1.5.8: byte range locks are not permitted on directories.
  if (open->is_directory) co_return fail(NtStatus::INVALID_PARAMETER);
  // As the I/O manager of Windows has it: a handle that may neither read nor write may not lock.
  DOZO_CO_CHECK(check_any_access(*open, Access::read_data | Access::write_data));

  // [MS-FSA] 2.1.5.8: before the lock is taken. An unlock takes nothing.
  const bool locks = !lock.locks.front().flags.has(wire::LockFlag::unlock);
  if (locks && others_cache(*open, request.server)) {
    auto broken = co_await break_caches(request, *open, share::CacheUse::lock);
    if (!broken) co_return fail(broken.error());
  }
  WaitingTicket ticket(request);
  const share::Effects effects = request.server.apply(engine_request(request, *open, lock, ticket.id));
  if (effects.parked()) {
    const NtStatus status = co_await ticket.wait(open->share_id, true);
    if (status != NtStatus::SUCCESS) co_return fail(status);
  } else if (auto done = effects.result(); !done) {
    // [MS-SMB2] 3.3.5.14.1: what a series has unlocked before it failed stays unlocked.
    if (!locks) co_await persist_locks(request.server, *open);
    co_return fail(done.error());
  }

  if (locks) break_after(request.server, *open);
  co_await persist_locks(request.server, *open);

  co_return Reply::of(wire::LockResponse());
}

}  // namespace dozo::server
