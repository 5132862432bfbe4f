// Oplocks and leases: what is granted, held and acknowledged. [MS-SMB2] 3.3.5.9, 3.3.5.22; [MS-FSA] 2.1.5.18, 2.1.5.19.
#include <algorithm>

#include "share/engine_state.h"

namespace dozo::share {

std::optional<LeaseId> lease_of(const OpenRequest& request) {
  // [MS-SMB2] 3.3.5.9.8: without SMB2_OPLOCK_LEVEL_LEASE the lease context is ignored.
  if (request.oplock != OplockLevel::lease || !request.lease) return std::nullopt;
  return LeaseId{request.client_guid, request.lease->key};
}

Grant grant_of(const OpenState& open) {
  const CacheHolder* holder = open.cache;
  if (holder == nullptr) return {};
  if (!holder->lease) return {.oplock = oplock_of(holder->state), .lease = {}, .break_in_progress = holder->breaking};
  return {.oplock = OplockLevel::lease,
          .lease = holder->state,
          .epoch = holder->epoch,
          .break_in_progress = holder->breaking,
          .lease_v2 = holder->v2,
          .parent_key = holder->parent_key};
}

// [MS-SMB2] 3.3.5.9.8, 3.3.5.9.11: a key that is in use is good for the same file only, unless that file goes anyway.
Result<> Engine::State::check_lease_key(const OpenRequest& request) const {
  const std::optional<LeaseId> id = lease_of(request);
  if (!id) return {};
  const auto it = leases.find(*id);
  if (it == leases.end() || it->second->file_delete_on_close) return {};
  const OpenState& other = *find_open(it->second->opens.front());
  return other.request.key == request.key ? Result<>() : fail(NtStatus::INVALID_PARAMETER);
}

CacheHolder& Engine::State::add_cache(OpenState& open) {
  auto holder = std::make_unique<CacheHolder>();
  holder->serial = next_serial++;
  holder->stream = open.stream;
  holder->opens.push_back(open.request.open);
  open.cache = holder.get();
  return *open.stream->caches.emplace_back(std::move(holder));
}

Grant Engine::State::grant_cache(OpenState& open) {
  const OpenRequest& request = open.request;
  if (lease_of(request)) return grant_lease(open, *request.lease);
  // [MS-FSA] 2.1.5.18: a directory has leases at most.
  const LeaseState wanted = request.is_directory ? kCacheNone : cache_of(request.oplock);
  const LeaseState state = grantable(open, CacheKind::oplock, wanted);
  if (!state.empty()) {
    add_cache(open).state = state;
    ++oplock_total;
  }
  return grant_of(open);
}

Grant Engine::State::grant_lease(OpenState& open, const LeaseRequest& request) {
  const LeaseId id{open.request.client_guid, request.key};
  const auto known = leases.find(id);
  // The key of a file that goes: this one is opened without a lease.
  if (known != leases.end() && known->second->stream != open.stream) return {};

  if (known != leases.end()) {
    open.cache = known->second;
    open.cache->opens.push_back(open.request.open);
  } else {
    CacheHolder& added = add_cache(open);
    added.lease = id;
    added.v2 = request.v2;
    // Epoch counts from what the client knows of an earlier lease of this key (smbtorture smb2.lease.v2_epoch1).
    added.epoch = request.v2 ? request.epoch : std::uint16_t{0};
    added.parent_key = request.v2 ? request.parent_key : std::nullopt;
    leases.emplace(id, &added);
  }
  CacheHolder& holder = *open.cache;
  holder.file_delete_on_close = holder.file_delete_on_close || open.request.delete_on_close;
  if (holder.breaking) return grant_of(open);

  // [MS-SMB2] 3.3.5.9.11: W is not for directories.
  const LeaseState wanted = valid_cache(open.request.is_directory ? request.state.without(kCacheW) : request.state);
  const LeaseState state = grantable(open, CacheKind::lease, wanted);
  // [MS-SMB2] 3.3.5.9.8: only a superset promotes, and then the whole of it or nothing (smb2.lease.upgrade3).
  const bool promotes = holder.state.empty() || (state == wanted && state.has_all(holder.state));
  if (promotes && state != holder.state) {
    holder.state = state;
    if (holder.v2) ++holder.epoch;
  }
  return grant_of(open);
}

LeaseState Engine::State::grantable(const OpenState& open, CacheKind kind, LeaseState wanted) const {
  while (const GrantRule* rule = find_grant_rule(kind, wanted)) {
    if (is_grantable(open, *rule)) return rule->state;
    wanted = rule->otherwise;
  }
  return kCacheNone;
}

bool Engine::State::is_grantable(const OpenState& open, const GrantRule& rule) const {
  const StreamState& stream = *open.stream;
  const Actor actor{open.request.open, lease_of(open.request), open.request.granted_access};
  for (const auto& holder : stream.caches) {
    const bool is_lease = holder->kind() == CacheKind::lease;
    if (is_own(*holder, actor)) continue;
    if (holder->state.has_any(is_lease ? rule.not_beside_leases : rule.not_beside_oplocks)) return false;
  }
  // [MS-FSA] 2.1.5.18: locks within the allocation.
  if (rule.no_locks && stream.locks.begins_before(open.request.allocation_size)) return false;
  if (!rule.sole_opener) return true;
  std::size_t own = is_stat_open(open.request.granted_access, rule.kind) ? 0 : 1;
  if (open.cache != nullptr) {
    own = static_cast<std::size_t>(std::ranges::count_if(
        open.cache->opens, [&](OpenId id) { return !is_stat_open(find_open(id)->request.granted_access, rule.kind); }));
  }
  return stream.users[static_cast<std::size_t>(rule.kind)] == own;
}

void Engine::State::leave_cache(OpenState& open, Effects& woken) {
  if (open.cache == nullptr) return;
  CacheHolder& holder = *open.cache;
  open.cache = nullptr;
  std::erase(holder.opens, open.request.open);
  if (!holder.opens.empty()) return give_up_lost_break(holder, woken);
  // [MS-FSA] 2.1.4.12, case CLOSE: a break that was waited for is over.
  holder.state = {};
  finish_break(holder, woken);
  remove_cache(holder);
}

// Of an oplock that has come to nothing, or a lease without opens.
void Engine::State::remove_cache(CacheHolder& holder) {
  for (const OpenId id : holder.opens) find_open(id)->cache = nullptr;
  if (holder.lease) {
    leases.erase(*holder.lease);
    ended_leases.push_back(*holder.lease);
  } else {
    --oplock_total;
  }
  auto& caches = holder.stream->caches;
  caches.erase(std::ranges::find(caches, &holder, [](const auto& p) { return p.get(); }));
}

namespace {

// [MS-SMB2] 3.3.5.22.1: what may be acknowledged of an oplock of this level.
bool is_acknowledgement(OplockLevel held, OplockLevel level) {
  if (level == OplockLevel::none) return true;
  if (level == OplockLevel::level_ii) return held != OplockLevel::level_ii;
  return level == OplockLevel::exclusive && held == OplockLevel::batch;
}

}  // namespace

void Engine::State::on(const AckOplock& event, Effects& out) {
  OpenState* open = find_open(event.open);
  if (open == nullptr) return out.push(Refuse{NtStatus::FILE_CLOSED});
  // [MS-FSA] 2.1.5.19: no oplock (any more), as after a break from level II (smbtorture smb2.oplock.levelii500).
  CacheHolder* holder = open->cache;
  if (holder == nullptr || holder->lease) return out.push(Refuse{NtStatus::INVALID_OPLOCK_PROTOCOL});
  if (!holder->breaking) return out.push(Refuse{NtStatus::INVALID_DEVICE_STATE});

  if (event.level == OplockLevel::lease || !is_acknowledgement(oplock_of(holder->state), event.level)) {
    out.push(
        Refuse{event.level == OplockLevel::lease ? NtStatus::INVALID_PARAMETER : NtStatus::INVALID_OPLOCK_PROTOCOL});
    return acknowledge(*holder, kCacheNone, out);
  }
  // [MS-SMB2] 3.3.5.22.1: exclusive is as good as none.
  const LeaseState kept = event.level == OplockLevel::level_ii ? kCacheR & holder->break_to : kCacheNone;
  out.push(Grant{.oplock = oplock_of(kept), .lease = {}, .parent_key = {}});
  acknowledge(*holder, kept, out);
}

void Engine::State::on(const AckLease& event, Effects& out) {
  const auto it = leases.find(event.lease);
  if (it == leases.end()) return out.push(Refuse{NtStatus::OBJECT_NAME_NOT_FOUND});
  CacheHolder& holder = *it->second;
  if (!holder.breaking) return out.push(Refuse{NtStatus::UNSUCCESSFUL});
  if (!holder.break_to.has_all(event.state)) return out.push(Refuse{NtStatus::REQUEST_NOT_ACCEPTED});
  const LeaseState kept = valid_cache(event.state);
  out.push(Grant{.oplock = OplockLevel::lease,
                 .lease = kept,
                 .epoch = holder.epoch,
                 .lease_v2 = holder.v2,
                 .parent_key = holder.parent_key});
  acknowledge(holder, kept, out);
}

}  // namespace dozo::share
