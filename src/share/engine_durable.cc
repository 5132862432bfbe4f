// Opens that outlive their connection. [MS-SMB2] 3.3.7.1, 3.3.5.9.7, 3.3.5.9.12.
#include "share/engine_state.h"

namespace dozo::share {

namespace {

// What an open caches, as its client is told when it comes back.
Grant caching_of(const OpenState& open) { return grant_of(open); }

// [MS-SMB2] 3.3.7.1: a batch oplock or a lease with H, and not while it is being broken.
bool keeps_handle(const OpenState& open) {
  const Grant held = caching_of(open);
  if (held.break_in_progress) return false;
  return held.oplock == OplockLevel::batch || held.lease.has(LeaseBit::handle);
}

}  // namespace

void Engine::State::on(const PreserveOpen& event, Effects& out) {
  OpenState* open = find_open(event.open);
  if (open == nullptr || open->disconnected) return out.push(Refuse{NtStatus::FILE_CLOSED});
  if (!event.resilient && !event.persistent && !keeps_handle(*open)) return out.push(Refuse{NtStatus::NOT_SUPPORTED});
  out.push(Grant{});
  // [MS-SMB2] 3.3.7.1: all requests are cancelled; what they waited for is nobody's any more.
  end_waits_of(*open, NtStatus::CANCELLED, out);
  open->disconnected = true;
  open->resilient = event.resilient;
  open->persistent = event.persistent;
  if (open->persistent) ++open->file->held_off;
  open->expires = event.until;
  expiries.emplace(event.until, event.open);
  if (open->cache != nullptr) give_up_lost_break(*open->cache, out);
  // No session's end is its end.
  owners.erase({open->request.owner, event.open});
}

// The client was told, and cannot acknowledge any more. A persistent open keeps what it may not have written back, for
// who waits is held off from here on; of anything else it is told when it comes back what is left. A resilient one
// keeps nothing. [MS-SMB2] 3.3.7.1.
void Engine::State::give_up_lost_break(CacheHolder& holder, Effects& out) {
  if (!holder.breaking || !is_disconnected(holder)) return;
  const bool is_persistent = std::ranges::any_of(holder.opens, [this](OpenId id) { return find_open(id)->persistent; });
  if (!is_persistent) {
    holder.state = kCacheNone;
  } else if (!holder.state.has(LeaseBit::write)) {
    holder.state = holder.required;
  }
  finish_break(holder, out);
}

void Engine::State::on(const ReclaimOpen& event, Effects& out) {
  OpenState* open = find_open(event.open);
  if (open == nullptr || !open->disconnected) return out.push(Refuse{NtStatus::OBJECT_NAME_NOT_FOUND});
  expiries.erase({*open->expires, event.open});
  open->expires.reset();
  if (open->persistent) --open->file->held_off;
  open->disconnected = false;
  open->resilient = false;
  open->persistent = false;
  open->request.owner = event.owner;
  owners.emplace(event.owner, event.open);
  out.push(caching_of(*open));
}

void Engine::State::on(const RestoreOpen& event, Effects& out) {
  OpenState* open = find_open(event.open);
  if (open == nullptr) return out.push(Refuse{NtStatus::FILE_CLOSED});
  Result<> done;
  // A shared lock of an open may lie upon its exclusive one, which therefore was the first. [MS-FSA] 2.1.4.10.
  std::vector<LockInfo> locks = event.locks;
  std::ranges::partition(locks, &LockInfo::exclusive);
  for (const LockInfo& info : locks) {
    const RangeLock lock{{info.offset, info.length}, event.open, info.exclusive};
    const RangeUse use = info.exclusive ? RangeUse::lock_exclusive : RangeUse::lock_shared;
    if (lock.range.is_valid() && !open->stream->locks.conflicts(lock.range, event.open, use))
      take(*open, lock);
    else
      done = fail(NtStatus::LOCK_NOT_GRANTED);
  }
  for (const LockSequence& sequence : event.sequences) remember(*open, sequence);
  if (event.delete_pending) (open->request.key.is_main_stream() ? open->link->deleted : open->stream->deleted) = true;
  if (done)
    out.push(Grant{});
  else
    out.push(Refuse{done.error()});
}

Result<> Engine::State::check_held_off(const FileState& file) const {
  // [MS-SMB2] 3.3.5.9: a persistent open whose client has not come back yet.
  return file.held_off != 0 ? Result<>(fail(NtStatus::FILE_NOT_AVAILABLE)) : Result<>();
}

void Engine::State::expire_opens(Effects& out) {
  while (!expiries.empty() && expiries.begin()->first <= now) forget(expiries.begin()->second, out);
}

}  // namespace dozo::share
