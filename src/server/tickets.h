// Tickets: which request waits for which answer of the share engine.
#pragma once

#include <map>

#include "base/mutex.h"
#include "model/nt_status.h"
#include "runtime/loop.h"
#include "runtime/one_shot.h"
#include "runtime/task.h"
#include "share/ids.h"

namespace dozo::server {

class Request;
class Server;

// Thread-safe. Owned by the server.
class Tickets {
 public:
  void add(share::TicketId ticket, runtime::Loop& loop, runtime::OneShot<NtStatus>& waiter);
  void remove(share::TicketId ticket);
  // Any loop: sets the waiter on its own, unless it is gone by then.
  void wake(share::TicketId ticket, NtStatus status);

 private:
  struct Waiter {
    runtime::Loop* loop;
    runtime::OneShot<NtStatus>* one_shot;
  };
  Mutex mutex_;
  std::map<share::TicketId, Waiter> waiters_ DOZO_GUARDED_BY(mutex_);
};

// A request that the engine may let wait: its ticket is known before the engine is asked, for the Wake may come before
// the answer to Park has been looked at. In the frame of its handler; one loop.
class WaitingTicket {
 public:
  explicit WaitingTicket(Request& request);
  ~WaitingTicket();
  WaitingTicket(const WaitingTicket&) = delete;
  WaitingTicket& operator=(const WaitingTicket&) = delete;

  const share::TicketId id;

  // After Park(id), the answer to an event of `open`: until the Wake. SUCCESS, or why what was waited for will not
  // come: CANCELLED by the client or the connection's end; INSUFFICIENT_RESOURCES when too many wait.
  // `unbounded`: nothing ends the wait but somebody else's goodwill (a blocking lock).
  runtime::Task<NtStatus> wait(share::OpenId open, bool unbounded);
  // For what comes soon, whatever happens: the client does not learn of it.
  runtime::Task<void> wait_quietly();

 private:
  Request& request_;
  runtime::OneShot<NtStatus> woken_;
};

}  // namespace dozo::server
