#include "server/share_effects.h"

#include "server/break_notices.h"
#include "server/commands/close_open.h"
#include "server/durable/persist.h"
#include "server/server.h"

namespace dozo::server {
namespace {

template <class... F>
struct Overloaded : F... {
  using F::operator()...;
};

// What the end of `open` leaves to be removed.
std::optional<share::Purge> purge_of(share::OpenId open, const share::Effects& effects) {
  for (const share::Effect& effect : effects) {
    const auto* purge = std::get_if<share::Purge>(&effect);
    if (purge != nullptr && purge->open == open) return *purge;
  }
  return std::nullopt;
}

// Whether something has begun to wait, or has got a time limit.
bool may_set_deadline(const share::Event& event, const share::Effects& effects) {
  if (effects.parked() || std::holds_alternative<share::PreserveOpen>(event)) return true;
  for (const share::Effect& effect : effects) {
    if (std::holds_alternative<share::BreakOplock>(effect) || std::holds_alternative<share::BreakLease>(effect)) {
      return true;
    }
  }
  return false;
}

}  // namespace

ShareEffects::ShareEffects(Server& server) : server_(server) {}
ShareEffects::~ShareEffects() = default;

share::Effects ShareEffects::apply(const share::Event& event) {
  share::Effects effects = server_.engine().apply(event, server_.clock().now());
  const bool is_ack = std::holds_alternative<share::AckOplock>(event) || std::holds_alternative<share::AckLease>(event);
  const NoticeOrder order = is_ack ? NoticeOrder::after_answer : NoticeOrder::at_once;
  if (effects.size() > 1) {
    for (auto effect = effects.begin() + 1; effect != effects.end(); ++effect) carry_out(*effect, effects, order);
  }
  if (may_set_deadline(event, effects)) watch_deadline();
  return effects;
}

void ShareEffects::carry_out(const share::Effect& effect, const share::Effects& together, NoticeOrder order) {
  std::visit(Overloaded{
                 [](const share::Grant&) {},
                 [](const share::Refuse&) {},
                 [](const share::Park&) {},
                 [&](const share::Wake& wake) { tickets_.wake(wake.ticket, wake.status); },
                 [&](const share::BreakOplock& notice) {
                   caches_changed(notice.open);
                   if (!opens_.hold(notice)) send_oplock_break(server_, notice, order);
                 },
                 [&](const share::BreakLease& notice) {
                   if (!notice.ack_required) caches_changed(notice.lease);
                   if (!opens_.hold(notice)) send_lease_break(server_, notice, order);
                 },
                 // With the Forget of its open, or by who closed it.
                 [](const share::Purge&) {},
                 [&](const share::Forget& forget) { end(forget.open, purge_of(forget.open, together)); },
             },
             effect);
}

// What concerns an open is done where it lives.
void ShareEffects::end(share::OpenId id, std::optional<share::Purge> purge) {
  const std::optional<OpenHome> home = opens_.find(id);
  if (!home) return;
  {
    const MutexLock lock(mutex_);
    ending_.try_emplace(id);
  }
  home->loop->post([this, id, weak = home->open, purge] { start(run_end(id, weak, purge)); });
}

runtime::Task<void> ShareEffects::run_end(share::OpenId id, std::weak_ptr<Open> weak,
                                          std::optional<share::Purge> purge) {
  if (OpenRef open = weak.lock()) co_await forget_open(server_, std::move(open), purge);
  std::vector<share::TicketId> waiting;
  {
    const MutexLock lock(mutex_);
    waiting = std::move(ending_.extract(id).mapped());
  }
  for (const share::TicketId ticket : waiting) tickets_.wake(ticket, NtStatus::SUCCESS);
}

bool ShareEffects::wait_for_end(share::OpenId open, share::TicketId ticket) {
  const MutexLock lock(mutex_);
  const auto ending = ending_.find(open);
  if (ending == ending_.end()) return false;
  ending->second.push_back(ticket);
  return true;
}

// The file of a persistent open may be among those that are cached otherwise now.
void ShareEffects::caches_changed(share::OpenId open) {
  if (server_.handles() == nullptr) return;
  if (const auto home = opens_.find(open)) start(persist_states(server_, home->file));
}

void ShareEffects::caches_changed(const share::LeaseId& lease) {
  if (server_.handles() == nullptr) return;
  const std::vector<OpenHome> homes = opens_.find_lease(lease);
  if (!homes.empty()) start(persist_states(server_, homes.front().file));
}

void ShareEffects::send(const OpenRegistry::Notices& notices) {
  for (const share::Effect& notice : notices) carry_out(notice, {}, NoticeOrder::after_answer);
}

void ShareEffects::announce(share::OpenId open) { send(opens_.announce(open)); }
void ShareEffects::move(share::OpenId from, share::OpenId to) { send(opens_.move(from, to)); }
void ShareEffects::forget(share::OpenId open) { send(opens_.forget(open)); }

// --- Work and time -----------------------------------------------------------------------------------------------

ShareEffects::LoopSide& ShareEffects::side_of(runtime::Loop& loop) {
  const MutexLock lock(mutex_);
  std::unique_ptr<LoopSide>& side = sides_[&loop];
  if (!side) side = std::make_unique<LoopSide>(*this);
  return *side;
}

namespace {

runtime::Task<void> counted(runtime::Task<void> task, std::atomic<std::size_t>& count) {
  co_await task;
  count.fetch_sub(1);
}

}  // namespace

void ShareEffects::start(runtime::Task<void> task) {
  at_work_.fetch_add(1);
  runtime::spawn(side_of(runtime::Loop::current()).gate, counted(std::move(task), at_work_));
}

void ShareEffects::watch_deadline() {
  const std::optional<Instant> next = server_.engine().next_deadline();
  if (!next) return;
  {
    const MutexLock lock(mutex_);
    if (watched_until_ <= *next) return;
    watched_until_ = *next;
  }
  runtime::Loop& loop = runtime::Loop::current();
  LoopSide& side = side_of(loop);
  side.deadline.arm(
      loop, *next, [](void* p) { static_cast<LoopSide*>(p)->owner.on_deadline(*static_cast<LoopSide*>(p)); }, &side);
}

// Other loops' timers that ring in vain do no harm.
void ShareEffects::on_deadline(LoopSide&) {
  {
    const MutexLock lock(mutex_);
    watched_until_ = Instant::max();
  }
  static_cast<void>(apply(share::Deadline{}));
  // Which breaks have been waited for long enough the engine does not say.
  if (server_.handles() != nullptr) start(persist_states(server_, std::nullopt));
  watch_deadline();
}

}  // namespace dozo::server
