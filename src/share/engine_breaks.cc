// Breaks of oplocks and leases: who is broken to what, who waits for it, and how that ends.
// [MS-FSA] 2.1.4.12; [MS-SMB2] 3.3.4.6, 3.3.4.7, 3.3.6.1, 3.3.6.5.
#include <algorithm>

#include "share/engine_state.h"

namespace dozo::share {

// [MS-FSA] 2.1.4.12.2: nobody breaks his own lease, through whichever of its opens.
bool Engine::State::is_own(const CacheHolder& holder, const Actor& actor) const {
  if (options.canary == Canary::own_lease_is_broken && holder.lease) {
    return actor.open && std::ranges::find(holder.opens, *actor.open) != holder.opens.end();
  }
  if (holder.lease) return holder.lease == actor.lease;
  return holder.opens.front() == actor.open;
}

bool Engine::State::is_met(const BreakRule& rule, const CacheHolder& holder, const Actor& actor) const {
  // [MS-FSA] 2.1.4.12, case OPEN.
  if (rule.act == Act::open && is_stat_open(actor.access, holder.kind())) return false;
  if (is_own(holder, actor)) return rule.own_level_ii && !holder.lease && holder.state == kCacheR;
  return holder.state.has_any(rule.meets) && !(holder.lease ? rule.lease_loses : rule.oplock_loses).empty();
}

bool Engine::State::is_disconnected(const CacheHolder& holder) const {
  return std::ranges::all_of(holder.opens, [this](OpenId id) { return find_open(id)->disconnected; });
}

// A persistent open that waits for its client cannot be broken, so what would break it has to wait for the client, too.
bool Engine::State::is_held_off(const BreakRule& rule, const StreamState& stream, const Actor& actor) const {
  return std::ranges::any_of(stream.caches, [&](const auto& holder) {
    return is_met(rule, *holder, actor) && is_disconnected(*holder) &&
           std::ranges::any_of(holder->opens, [this](OpenId id) { return find_open(id)->persistent; });
  });
}

StreamState* Engine::State::find_stream(const FileKey& key) const {
  const FileState* file = find_file(key.file());
  return file == nullptr ? nullptr : find_by(file->streams, &StreamState::name, key.stream);
}

// [MS-SMB2] 3.3.4.6, 3.3.4.7: nobody can be told; what cannot be kept as it is ends. [MS-SMB2] 3.3.2.4: a resilient
// open is kept for its time.
void Engine::State::end_disconnected(const BreakRule& rule, const FileKey& key, const Actor& actor, Effects& out) {
  const StreamState* stream = find_stream(key);
  if (stream == nullptr) return;
  std::vector<OpenId> ends;
  for (const auto& holder : stream->caches) {
    if (!is_met(rule, *holder, actor) || !is_disconnected(*holder)) continue;
    for (const OpenId id : holder->opens) {
      const OpenState& open = *find_open(id);
      if (!open.persistent && !open.resilient) ends.push_back(id);
    }
  }
  for (const OpenId id : ends) forget(id, out);
}

Engine::State::Awaited Engine::State::break_caches(const BreakRule& rule, const FileKey& key, const Actor& actor,
                                                   Effects& out) {
  end_disconnected(rule, key, actor, out);
  StreamState* stream = find_stream(key);
  return stream == nullptr ? Awaited{} : break_connected(rule, *stream, actor, out);
}

Engine::State::Awaited Engine::State::break_connected(const BreakRule& rule, StreamState& stream, const Actor& actor,
                                                      Effects& out) {
  Awaited awaited;
  boost::container::small_vector<CacheHolder*, 4> met;
  for (const auto& holder : stream.caches) {
    if (is_met(rule, *holder, actor)) met.push_back(holder.get());
  }
  for (CacheHolder* holder : met) {
    const LeaseState held = holder->state;
    const LeaseState loses = holder->lease ? rule.lease_loses : rule.oplock_loses;
    const bool is_awaited = held.has_any(rule.waits_for) && options.canary != Canary::break_is_not_awaited;
    if (is_awaited && !is_disconnected(*holder)) awaited.push_back(holder);
    if (holder->breaking)
      holder->required = broken(holder->required, loses);
    else
      start_break(*holder, left_after(*holder, loses), out);
  }
  return awaited;
}

// [MS-SMB2] 3.3.4.7: of a resilient open whose client cannot be told, nothing is left.
LeaseState Engine::State::left_after(const CacheHolder& holder, LeaseState loses) const {
  const bool is_resilient = std::ranges::any_of(holder.opens, [this](OpenId id) { return find_open(id)->resilient; });
  return is_resilient && is_disconnected(holder) ? kCacheNone : broken(holder.state, loses);
}

void Engine::State::start_break(CacheHolder& holder, LeaseState to, Effects& out) {
  const LeaseState from = holder.state;
  if (holder.v2) ++holder.epoch;
  announce(holder, from, to, out);
  if (is_disconnected(holder) || !needs_acknowledgement(from)) {
    holder.state = to;
    if (!holder.lease && to.empty()) remove_cache(holder);
    return;
  }
  holder.breaking = true;
  holder.break_to = to;
  holder.required = to;
  holder.deadline = now + options.break_timeout;
  break_deadlines.emplace(std::pair(holder.deadline, holder.serial), &holder);
}

void Engine::State::announce(const CacheHolder& holder, LeaseState from, LeaseState to, Effects& out) const {
  if (is_disconnected(holder) || options.canary == Canary::break_is_not_sent) return;
  if (holder.lease) return out.push(BreakLease{*holder.lease, from, to, holder.epoch, needs_acknowledgement(from)});
  const OpenId open = holder.opens.front();
  out.push(BreakOplock{open, find_open(open)->request.owner, oplock_of(to)});
}

// The holder keeps `state`, a part of what it was to break to. More may have been asked of it meanwhile: then that is
// broken next, under the same epoch, and who waits goes on waiting (smbtorture smb2.lease.v2_breaking3).
void Engine::State::acknowledge(CacheHolder& holder, LeaseState state, Effects& out) {
  holder.state = state;
  if (holder.required.has_all(state)) return finish_break(holder, out);

  holder.break_to = next_break(state, holder.required);
  announce(holder, state, holder.break_to, out);
  if (!needs_acknowledgement(state)) {
    holder.state = holder.break_to;
    return finish_break(holder, out);
  }
  break_deadlines.erase({holder.deadline, holder.serial});
  holder.deadline = now + options.break_timeout;
  break_deadlines.emplace(std::pair(holder.deadline, holder.serial), &holder);
}

void Engine::State::finish_break(CacheHolder& holder, Effects& out) {
  if (holder.breaking) break_deadlines.erase({holder.deadline, holder.serial});
  holder.breaking = false;
  std::vector<TicketId> waiters = std::exchange(holder.waiters, {});
  if (options.canary == Canary::break_forgets_waiter && waiters.size() > 1) waiters.pop_back();
  for (const TicketId ticket : waiters) {
    CacheWait& wait = cache_waits.at(ticket);
    wait.holders.erase(std::ranges::find(wait.holders, &holder));
    if (!wait.holders.empty()) continue;
    cache_waits.erase(ticket);
    out.push(Wake{ticket, NtStatus::SUCCESS});
  }
  if (!holder.lease && holder.state.empty() && !holder.opens.empty()) remove_cache(holder);
}

void Engine::State::park(const Awaited& awaited, OpenId open, TicketId ticket, OwnerId owner) {
  cache_waits.emplace(ticket, CacheWait{open, owner, awaited});
  for (CacheHolder* holder : awaited) holder->waiters.push_back(ticket);
}

// Before its time. The breaks go on.
void Engine::State::stop_waiting(TicketId ticket, NtStatus status, Effects& out) {
  const auto it = cache_waits.find(ticket);
  for (CacheHolder* holder : it->second.holders) std::erase(holder->waiters, ticket);
  cache_waits.erase(it);
  out.push(Wake{ticket, status});
}

void Engine::State::end_cache_waits(OpenId open, NtStatus status, Effects& out) {
  std::vector<TicketId> ended;
  for (const auto& [ticket, wait] : cache_waits) {
    if (wait.open == open) ended.push_back(ticket);
  }
  for (const TicketId ticket : ended) stop_waiting(ticket, status, out);
}

// [MS-SMB2] 3.3.6.1, 3.3.6.5: what was not acknowledged in time is taken away whole.
void Engine::State::expire_breaks(Effects& out) {
  while (!break_deadlines.empty() && break_deadlines.begin()->first.first <= now) {
    CacheHolder& holder = *break_deadlines.begin()->second;
    holder.state = {};
    finish_break(holder, out);
  }
}

namespace {

// By name, so that the order of what follows is always the same one.
std::vector<FileKey> streams_of(const FileState& file) {
  std::vector<FileKey> out;
  for (const auto& stream : file.streams) {
    out.push_back({file.identity.volume, file.identity.device, file.identity.inode, stream->name});
  }
  std::ranges::sort(out);
  return out;
}

Actor actor_of(const OpenState& open) {
  return {open.request.open, lease_of(open.request), open.request.granted_access};
}

Act act_of(CacheUse use) {
  switch (use) {
    case CacheUse::write:
      return Act::write;
    case CacheUse::lock:
      return Act::lock;
    case CacheUse::set_size:
      return Act::set_size;
    case CacheUse::set_delete:
      return Act::set_delete;
    case CacheUse::set_security:
      return Act::set_security;
    case CacheUse::rename:
      return Act::rename;
  }
  return Act::write;
}

void answer(Effects& out, const Effects& breaks, std::optional<TicketId> parked) {
  if (parked)
    out.push(Park{*parked});
  else
    out.push(Grant{});
  for (const Effect& effect : breaks) out.push(effect);
}

}  // namespace

void Engine::State::on(const BreakCaches& event, Effects& out) {
  OpenState* open = find_open(event.open);
  // Nobody can act through a preserved open.
  if (open == nullptr || open->disconnected) return out.push(Refuse{NtStatus::FILE_CLOSED});
  const BreakRule& rule = rule_of(act_of(event.use));
  const Actor actor = actor_of(*open);
  if (is_held_off(rule, *open->stream, actor)) return out.push(Refuse{NtStatus::FILE_NOT_AVAILABLE});
  Effects breaks;
  const Awaited awaited = break_caches(rule, open->request.key, actor, breaks);
  if (awaited.empty()) return answer(out, breaks, std::nullopt);
  park(awaited, event.open, event.ticket, open->request.owner);
  answer(out, breaks, event.ticket);
}

namespace {

// Nobody waits, and the open's own level II oplock is no matter of it.
constexpr const BreakRule& kEndsCaches = rule_of(Act::outside_change);

}  // namespace

void Engine::State::on(const EndCaches& event, Effects& out) {
  out.push(Grant{});
  break_caches(kEndsCaches, event.key, {event.open, event.by, {}}, out);
}

bool Engine::State::is_any_met(const BreakRule& rule, const StreamState& stream, const Actor& actor) const {
  return std::ranges::any_of(stream.caches, [&](const auto& holder) { return is_met(rule, *holder, actor); });
}

bool Engine::others_cache(OpenId open) const {
  const OpenState* o = state_->find_open(open);
  return o != nullptr && state_->is_any_met(rule_of(Act::write), *o->stream, actor_of(*o));
}

bool Engine::caches_end(const EndCaches& event) const {
  const StreamState* stream = state_->find_stream(event.key);
  return stream != nullptr && state_->is_any_met(kEndsCaches, *stream, {event.open, event.by, {}});
}

void Engine::State::on(const BreakForReplace& event, Effects& out) {
  const FileState* file = find_file(event.file);
  if (file == nullptr) return out.push(Grant{});
  const BreakRule& rule = rule_of(Act::replace);
  const Actor actor{std::nullopt, event.by, {}};
  for (const auto& stream : file->streams) {
    if (is_held_off(rule, *stream, actor)) return out.push(Refuse{NtStatus::FILE_NOT_AVAILABLE});
  }
  Effects breaks;
  Awaited awaited;
  for (const FileKey& key : streams_of(*file)) {
    for (CacheHolder* holder : break_caches(rule, key, actor, breaks)) awaited.push_back(holder);
  }
  if (awaited.empty()) return answer(out, breaks, std::nullopt);
  park(awaited, event.open, event.ticket, event.owner);
  answer(out, breaks, event.ticket);
}

void Engine::State::on(const DirectoryChange& event, Effects& out) {
  out.push(Grant{});
  const FileKey key{event.file.volume, event.file.device, event.file.inode, {}};
  break_caches(rule_of(Act::directory_change), key, {std::nullopt, event.by, {}}, out);
}

void Engine::State::on(const OutsideChange& event, Effects& out) {
  out.push(Grant{});
  const FileState* file = find_file(event.file);
  if (file == nullptr) return;
  for (const FileKey& key : streams_of(*file)) break_caches(rule_of(Act::outside_change), key, {}, out);
}

}  // namespace dozo::share
