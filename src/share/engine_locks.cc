// Byte-range locks and who waits for them. [MS-SMB2] 3.3.5.14; [MS-FSA] 2.1.5.8, 2.1.5.9.
#include <algorithm>

#include "share/engine_state.h"

namespace dozo::share {

namespace {

RangeLock range_lock(OpenId open, const LockElement& element) {
  return {{element.offset, element.length}, open, element.kind == LockKind::exclusive};
}

RangeUse use_of(const RangeLock& lock) { return lock.exclusive ? RangeUse::lock_exclusive : RangeUse::lock_shared; }

bool is_lock(const LockElement& element) {
  return element.kind == LockKind::shared || element.kind == LockKind::exclusive;
}

// The rules on a LOCK that need no lock list.
Result<> check_request(const OpenState& open, const LockRequest& request) {
  // [MS-SMB2] 3.3.5.14: LockCount 0 is a parameter error.
  if (request.elements.empty()) return fail(NtStatus::INVALID_PARAMETER);
  // [MS-FSA] 2.1.5.8, 2.1.5.9: no byte-range locks on directories.
  if (open.request.is_directory) return fail(NtStatus::INVALID_PARAMETER);
  // [MS-SMB2] 3.3.5.14.1: a series of unlocks is checked as it goes along.
  if (request.elements.front().kind == LockKind::unlock) return {};
  // [MS-SMB2] 3.3.5.14.2: a series of locks is checked first: known flags, no unlock, and several may not block.
  for (const LockElement& element : request.elements) {
    if (!is_lock(element)) return fail(NtStatus::INVALID_PARAMETER);
    if (request.elements.size() > 1 && !element.fail_immediately) return fail(NtStatus::INVALID_PARAMETER);
  }
  return {};
}

}  // namespace

LockElement lock_element_from_wire(std::uint64_t offset, std::uint64_t length, std::uint32_t flags) {
  LockElement element{offset, length, LockKind::invalid, (flags & 0x10) != 0};
  // [MS-SMB2] 2.2.26.1: the five valid combinations.
  switch (flags) {
    case 0x01:
    case 0x11:
      element.kind = LockKind::shared;
      break;
    case 0x02:
    case 0x12:
      element.kind = LockKind::exclusive;
      break;
    case 0x04:
      element.kind = LockKind::unlock;
      break;
    default:
      break;
  }
  return element;
}

void Engine::State::on(const LockRequest& event, Effects& out) {
  OpenState* open = find_open(event.open);
  if (open == nullptr) return out.push(Refuse{NtStatus::FILE_CLOSED});
  if (is_replay(*open, event)) return out.push(Grant{});
  if (const Result<> valid = check_request(*open, event); !valid) return out.push(Refuse{valid.error()});

  Effects woken;
  const bool unlocks = event.elements.front().kind == LockKind::unlock;
  const Result<> done = unlocks ? unlock_series(*open, event, woken) : lock_series(*open, event);
  if (done) {
    remember(*open, event.sequence);
    out.push(Grant{});
  } else if (done.error() == NtStatus::PENDING) {
    out.push(Park{event.ticket});
  } else {
    out.push(Refuse{done.error()});
  }
  for (const Effect& effect : woken) out.push(effect);
}

// [MS-SMB2] 3.3.5.14: a request whose sequence number is the one last completed has been processed already.
bool Engine::State::is_replay(OpenState& open, const LockRequest& request) {
  if (!request.sequence || !open.sequences) return false;
  const auto [index, number] = *request.sequence;
  if (index == 0 || index > kLockSequenceMax) return false;
  auto& entry = open.sequences->entries[index];
  if (entry == number) return true;
  entry.reset();
  return false;
}

// [MS-SMB2] 3.3.5.14.1, 3.3.5.14.2: the entry becomes valid once the request has succeeded.
void Engine::State::remember(OpenState& open, const std::optional<LockSequence>& sequence) {
  if (!sequence || sequence->index == 0 || sequence->index > kLockSequenceMax) return;
  if (!open.sequences) open.sequences = std::make_unique<LockSequences>();
  open.sequences->entries[sequence->index] = sequence->number;
}

// All or nothing; PENDING when the request was parked.
Result<> Engine::State::lock_series(OpenState& open, const LockRequest& request) {
  std::size_t taken = 0;
  Result<> result;
  for (const LockElement& element : request.elements) {
    const RangeLock lock = range_lock(request.open, element);
    // [MS-FSA] 2.1.5.8: bytes beyond 2^64-1.
    if (!lock.range.is_valid())
      result = fail(NtStatus::INVALID_LOCK_RANGE);
    else if (open.lock_count >= options.locks_per_open_max)
      result = fail(NtStatus::INSUFFICIENT_RESOURCES);
    else if (open.stream->locks.conflicts(lock.range, request.open, use_of(lock))) {
      if (!element.fail_immediately && open.waiter_count < options.waiters_per_open_max) {
        park(open, request, lock);
        return fail(NtStatus::PENDING);
      }
      result = fail(element.fail_immediately ? NtStatus::LOCK_NOT_GRANTED : NtStatus::INSUFFICIENT_RESOURCES);
    }
    if (!result) break;
    take(open, lock);
    ++taken;
  }
  if (result) return {};

  // [MS-SMB2] 3.3.5.14.2: the ranges locked by previous entries are unlocked. Nobody can have begun to wait for them.
  for (; taken > 0; --taken) {
    if (taken == 1 && options.canary == Canary::rollback_keeps_first) break;
    open.stream->locks.take_back(range_lock(request.open, request.elements[taken - 1]));
    --open.lock_count;
    --lock_total;
  }
  return result;
}

// Stops at the first failure; what was unlocked stays unlocked. [MS-SMB2] 3.3.5.14.1.
Result<> Engine::State::unlock_series(OpenState& open, const LockRequest& request, Effects& woken) {
  Result<> result;
  bool released = false;
  for (const LockElement& element : request.elements) {
    const ByteRange range{element.offset, element.length};
    if (element.kind != LockKind::unlock)
      result = fail(NtStatus::INVALID_PARAMETER);
    else if (!range.is_valid())
      result = fail(NtStatus::INVALID_LOCK_RANGE);
    else if (!open.stream->locks.remove(range, request.open))
      result = fail(NtStatus::RANGE_NOT_LOCKED);
    if (!result) break;
    --open.lock_count;
    --lock_total;
    released = true;
  }
  if (released) retry_waiters(*open.stream, woken);
  return result;
}

void Engine::State::take(OpenState& open, const RangeLock& lock) {
  open.stream->locks.insert(lock);
  ++open.lock_count;
  ++lock_total;
}

void Engine::State::park(OpenState& open, const LockRequest& request, const RangeLock& lock) {
  DOZO_ASSERT(!tickets.contains(request.ticket));
  open.stream->waiters.push_back({request.ticket, request.open, lock, request.sequence, request.give_up_at});
  ++open.waiter_count;
  tickets.emplace(request.ticket, request.open);
  if (request.give_up_at) deadlines.emplace(*request.give_up_at, request.ticket);
}

// [MS-FSA] 2.1.5.8: oldest first; one that still conflicts does not hold up those behind it.
void Engine::State::retry_waiters(StreamState& stream, Effects& out) {
  for (std::size_t i = 0; i < stream.waiters.size();) {
    const Waiter waiter = stream.waiters[i];
    if (stream.locks.conflicts(waiter.lock.range, waiter.open, use_of(waiter.lock))) {
      ++i;
      continue;
    }
    OpenState& open = *find_open(waiter.open);
    const bool room = open.lock_count < options.locks_per_open_max;
    if (room) {
      take(open, waiter.lock);
      remember(open, waiter.sequence);
    }
    end_wait(stream, i, room ? NtStatus::SUCCESS : NtStatus::INSUFFICIENT_RESOURCES, out);
    if (options.canary == Canary::unlock_wakes_one) return;
  }
}

void Engine::State::end_wait(StreamState& stream, std::size_t index, NtStatus status, Effects& out) {
  const Waiter waiter = stream.waiters[index];
  stream.waiters.erase(stream.waiters.begin() + static_cast<std::ptrdiff_t>(index));
  --find_open(waiter.open)->waiter_count;
  tickets.erase(waiter.ticket);
  if (waiter.give_up_at) deadlines.erase({*waiter.give_up_at, waiter.ticket});
  out.push(Wake{waiter.ticket, status});
}

void Engine::State::end_waits_of(OpenState& open, NtStatus status, Effects& out) {
  end_cache_waits(open.request.open, status, out);
  for (std::size_t i = 0; open.waiter_count != 0 && i < open.stream->waiters.size();) {
    if (open.stream->waiters[i].open == open.request.open)
      end_wait(*open.stream, i, status, out);
    else
      ++i;
  }
}

void Engine::State::release_locks(OpenState& open, Effects& out) {
  if (open.lock_count == 0) return;
  // [MS-FSA] 2.1.5.5: the locks of an open end with it.
  const std::size_t keep = options.canary == Canary::close_keeps_locks ? 1 : 0;
  open.stream->locks.remove_all(open.request.open, keep);
  lock_total -= open.lock_count;
  open.lock_count = 0;
  retry_waiters(*open.stream, out);
}

void Engine::State::on(const CancelTicket& event, Effects& out) {
  if (const auto wait = cache_waits.find(event.ticket); wait != cache_waits.end() && wait->second.open == event.open) {
    out.push(Grant{});
    return stop_waiting(event.ticket, NtStatus::CANCELLED, out);
  }
  const auto it = tickets.find(event.ticket);
  if (it == tickets.end() || it->second != event.open) return out.push(Refuse{NtStatus::NOT_FOUND});
  StreamState& stream = *find_open(event.open)->stream;
  const auto waiter = std::ranges::find(stream.waiters, event.ticket, &Waiter::ticket);
  out.push(Grant{});
  // [MS-FSA] 2.1.5.20: the lock was never held, so nobody else's wait ends by this.
  end_wait(stream, static_cast<std::size_t>(waiter - stream.waiters.begin()), NtStatus::CANCELLED, out);
}

void Engine::State::on(const Deadline&, Effects& out) {
  out.push(Grant{});
  while (!deadlines.empty() && deadlines.begin()->first <= now) {
    const TicketId ticket = deadlines.begin()->second;
    StreamState& stream = *find_open(tickets.at(ticket))->stream;
    const auto waiter = std::ranges::find(stream.waiters, ticket, &Waiter::ticket);
    end_wait(stream, static_cast<std::size_t>(waiter - stream.waiters.begin()), NtStatus::LOCK_NOT_GRANTED, out);
  }
  expire_breaks(out);
  expire_opens(out);
}

}  // namespace dozo::share
