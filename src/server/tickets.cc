#include "server/tickets.h"

#include "server/connection.h"
#include "server/server.h"

namespace dozo::server {

void Tickets::add(share::TicketId ticket, runtime::Loop& loop, runtime::OneShot<NtStatus>& waiter) {
  const MutexLock lock(mutex_);
  waiters_.emplace(ticket, Waiter{&loop, &waiter});
}

void Tickets::remove(share::TicketId ticket) {
  const MutexLock lock(mutex_);
  waiters_.erase(ticket);
}

void Tickets::wake(share::TicketId ticket, NtStatus status) {
  runtime::Loop* loop = nullptr;
  {
    const MutexLock lock(mutex_);
    const auto found = waiters_.find(ticket);
    if (found == waiters_.end()) return;
    loop = found->second.loop;
  }
  // Looked up again over there: the waiter is removed on its own loop.
  loop->post([this, ticket, status] {
    runtime::OneShot<NtStatus>* waiter = nullptr;
    {
      const MutexLock lock(mutex_);
      const auto found = waiters_.find(ticket);
      if (found != waiters_.end()) waiter = found->second.one_shot;
    }
    if (waiter != nullptr) waiter->set(status);
  });
}

WaitingTicket::WaitingTicket(Request& request) : id(request.server.engine().new_ticket_id()), request_(request) {
  request.server.tickets().add(id, runtime::Loop::current(), woken_);
}

WaitingTicket::~WaitingTicket() { request_.server.tickets().remove(id); }

runtime::Task<NtStatus> WaitingTicket::wait(share::OpenId open, bool unbounded) {
  Server& server = request_.server;
  const share::CancelTicket cancel{open, id};
  auto waiting = request_.begin_wait([&server, cancel] { static_cast<void>(server.apply(cancel)); },
                                     unbounded ? InCompound::refused : InCompound::silent);
  // Too many wait: the engine is told, and has the last word, for what was waited for may have come at this moment.
  if (!waiting) static_cast<void>(server.apply(cancel));
  const NtStatus status = co_await woken_;
  request_.end_wait();
  if (status == NtStatus::SUCCESS || waiting) co_return status;
  co_return waiting.error();
}

runtime::Task<void> WaitingTicket::wait_quietly() { static_cast<void>(co_await woken_); }

}  // namespace dozo::server
