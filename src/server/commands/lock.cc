// LOCK. [MS-SMB2] 3.3.5.14.
#include "wire/lock.h"

#include "server/checks.h"
#include "server/commands/commands.h"
#include "server/connection.h"
#include "server/server.h"

namespace dozo::server {
namespace {

using runtime::Task;

constexpr std::uint32_t kSequenceIndexMax = 64;  // [MS-SMB2] 3.3.1.10 Open.LockSequenceArray

// Where whoever releases the lock finds the request that waits for it.
class WaitingTicket {
 public:
  explicit WaitingTicket(Request& request) : server_(request.server), id(server_.engine().new_ticket_id()) {
    server_.register_ticket(id, request.connection.loop(), woken);
  }
  ~WaitingTicket() { server_.unregister_ticket(id); }
  WaitingTicket(const WaitingTicket&) = delete;
  WaitingTicket& operator=(const WaitingTicket&) = delete;

 private:
  Server& server_;

 public:
  const share::TicketId id;
  runtime::OneShot<NtStatus> woken;
};

// [MS-SMB2] 3.3.5.14: not in dialect 2.0.2; verified for opens that a client may come back to, and on servers with
// several channels. dozo has no durable handles: only the latter.
std::optional<share::LockSequence> sequence_to_verify(const Request& request, const wire::LockRequest& lock) {
  const Negotiated& negotiated = *request.connection.negotiated;
  const std::uint32_t index = lock.lock_sequence_index();
  if (negotiated.dialect < Dialect::smb_3_0 || index == 0 || index > kSequenceIndexMax) return std::nullopt;
  if (!negotiated.server_capabilities.has(wire::Capability::multi_channel)) return std::nullopt;
  return share::LockSequence{index, lock.lock_sequence_number()};
}

share::LockRequest engine_request(const Request& request, const Open& open, const wire::LockRequest& lock,
                                  share::TicketId ticket) {
  share::LockRequest out;
  out.open = open.share_id;
  out.ticket = ticket;
  out.sequence = sequence_to_verify(request, lock);
  for (const wire::LockElement& element : lock.locks) {
    out.elements.push_back(share::lock_element_from_wire(element.offset, element.length, element.flags.bits()));
  }
  return out;
}

// The lock was not to be had at once. Ends with the lock held, or with why it is not.
Task<Result<>> wait_for_lock(Request& request, const Open& open, WaitingTicket& ticket) {
  Server& server = request.server;
  const share::CancelTicket cancel{open.share_id, ticket.id};
  auto waiting = request.begin_wait([&server, cancel] { static_cast<void>(server.apply(cancel)); });
  // Too many wait: the engine is told, and has the last word, for the lock may have come at this moment.
  if (!waiting) static_cast<void>(server.apply(cancel));
  const NtStatus status = co_await ticket.woken;
  request.end_wait();
  if (status == NtStatus::SUCCESS) co_return Result<>();
  co_return fail(waiting ? status : waiting.error());
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

  WaitingTicket ticket(request);
  const share::Effects effects = request.server.apply(engine_request(request, *open, lock, ticket.id));
  if (effects.parked()) {
    auto held = co_await wait_for_lock(request, *open, ticket);
    if (!held) co_return fail(held.error());
  } else if (auto done = effects.result(); !done) {
    co_return fail(done.error());
  }

  co_return Reply::of(wire::LockResponse());
}

}  // namespace dozo::server
