// ShareEffects: carries out what the share engine answers, whoever's event it came out of, and keeps the engine's time.
#pragma once

#include <atomic>
#include <map>
#include <memory>
#include <optional>
#include <vector>

#include "base/mutex.h"
#include "base/time.h"
#include "runtime/gate.h"
#include "runtime/loop.h"
#include "runtime/task.h"
#include "server/break_notices.h"
#include "server/open_registry.h"
#include "server/tickets.h"
#include "share/effects.h"
#include "share/events.h"

namespace dozo::server {

class Server;

// Any thread that runs a loop. Owned by the server. It ends after every loop it was used on has stopped, or on the one
// loop there is.
class ShareEffects {
 public:
  explicit ShareEffects(Server& server);
  ~ShareEffects();
  ShareEffects(const ShareEffects&) = delete;
  ShareEffects& operator=(const ShareEffects&) = delete;

  // Tells the engine, and carries out every effect but two: the answer is the caller's, and so is the Purge of the open
  // that it closes (the answer to CLOSE waits for it).
  share::Effects apply(const share::Event& event);

  Tickets& tickets() { return tickets_; }
  OpenRegistry& opens() { return opens_; }

  // The CREATE that made this open is being answered.
  void announce(share::OpenId open);
  // The open goes on under another id, and caches nothing.
  void move(share::OpenId from, share::OpenId to);
  // The open is closed in the engine, or never became one.
  void forget(share::OpenId open);

  // Whether the engine has ended `open` on its own (Forget), and what belongs to it is being removed still, its name
  // with it. Then `ticket` is woken when that is done.
  bool wait_for_end(share::OpenId open, share::TicketId ticket);

  // Work that belongs to no request; on the calling loop. stop() of the service waits for it.
  void start(runtime::Task<void> task);
  std::size_t at_work() const { return at_work_.load(); }

 private:
  // What is the loop's: touched there only.
  struct LoopSide {
    explicit LoopSide(ShareEffects& of) : owner(of) {}
    ShareEffects& owner;
    runtime::Timer deadline;
    runtime::Gate gate;
  };
  LoopSide& side_of(runtime::Loop& loop);
  void carry_out(const share::Effect& effect, const share::Effects& together, NoticeOrder order);
  void send(const OpenRegistry::Notices& notices);
  void end(share::OpenId open, std::optional<share::Purge> purge);
  runtime::Task<void> run_end(share::OpenId id, std::weak_ptr<Open> weak, std::optional<share::Purge> purge);
  void caches_changed(share::OpenId open);
  void caches_changed(const share::LeaseId& lease);
  // After an event that may have brought the engine's next deadline nearer.
  void watch_deadline();
  void on_deadline(LoopSide& side);

  Server& server_;
  Tickets tickets_;
  OpenRegistry opens_;
  std::atomic<std::size_t> at_work_{0};
  Mutex mutex_;
  std::map<runtime::Loop*, std::unique_ptr<LoopSide>> sides_ DOZO_GUARDED_BY(mutex_);
  std::map<share::OpenId, std::vector<share::TicketId>> ending_ DOZO_GUARDED_BY(mutex_);  // and who waits for that
  Instant watched_until_ DOZO_GUARDED_BY(mutex_) = Instant::max();  // some loop's timer rings then, or before
};

}  // namespace dozo::server
