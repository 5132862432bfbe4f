#include "share/range_locks.h"

#include <algorithm>

#include "base/assert.h"

namespace dozo::share {

namespace {

HeldLock held_lock(const RangeLock& lock, OpenId by) {
  if (lock.exclusive) return lock.open == by ? HeldLock::exclusive_by_self : HeldLock::exclusive_by_other;
  return lock.open == by ? HeldLock::shared_by_self : HeldLock::shared_by_other;
}

}  // namespace

bool RangeLocks::conflicts(const ByteRange& range, OpenId open, RangeUse use) const {
  if (range.is_nothing()) return false;  // [MS-FSA] 2.1.4.10: {0, 0} conflicts with nothing.
  // A point's own last() is the byte before it; a lock that starts at the point does not overlap.
  for (std::size_t i = first_after(range.last()); i > 0 && entries_[i - 1].reach >= range.offset; --i) {
    const RangeLock& lock = entries_[i - 1].lock;
    if (!lock.range.overlaps(range)) continue;
    if (kRangeConflicts[static_cast<std::size_t>(held_lock(lock, open))][static_cast<std::size_t>(use)]) return true;
  }
  return false;
}

void RangeLocks::insert(const RangeLock& lock) {
  const std::size_t at = first_after(lock.range.offset);
  entries_.insert(entries_.begin() + static_cast<std::ptrdiff_t>(at), Entry{lock, 0});
  update_reach(at);
}

bool RangeLocks::remove(const ByteRange& range, OpenId open) {
  std::optional<std::size_t> found;
  for (std::size_t i = first_after(range.offset); i > 0 && entries_[i - 1].lock.range.offset == range.offset; --i) {
    const RangeLock& lock = entries_[i - 1].lock;
    if (lock.open != open || lock.range != range) continue;
    // [MS-FSA] 2.1.5.9: the exclusive lock goes first, whatever was stacked upon it.
    if (lock.exclusive || !found) found = i - 1;
    if (lock.exclusive) break;
  }
  if (!found) return false;
  erase_at(*found);
  return true;
}

void RangeLocks::take_back(const RangeLock& lock) {
  for (std::size_t i = first_after(lock.range.offset); i > 0; --i) {
    if (entries_[i - 1].lock != lock) continue;
    erase_at(i - 1);
    return;
  }
  DOZO_ASSERT(false && "a lock to take back is held");
}

std::size_t RangeLocks::remove_all(OpenId open, std::size_t keep) {
  const std::size_t before = entries_.size();
  std::size_t left = static_cast<std::size_t>(
      std::ranges::count_if(entries_, [open](const Entry& entry) { return entry.lock.open == open; }));
  std::erase_if(entries_, [&](const Entry& entry) { return entry.lock.open == open && left-- > keep; });
  std::uint64_t reach = 0;
  for (Entry& entry : entries_) entry.reach = reach = std::max(reach, end_of(entry.lock.range));
  return before - entries_.size();
}

std::vector<RangeLock> RangeLocks::list(OpenId open) const {
  std::vector<RangeLock> out;
  for (const Entry& entry : entries_) {
    if (entry.lock.open == open) out.push_back(entry.lock);
  }
  return out;
}

std::size_t RangeLocks::first_after(std::uint64_t offset) const {
  const auto it = std::ranges::upper_bound(entries_, offset, {}, [](const Entry& e) { return e.lock.range.offset; });
  return static_cast<std::size_t>(it - entries_.begin());
}

void RangeLocks::erase_at(std::size_t index) {
  entries_.erase(entries_.begin() + static_cast<std::ptrdiff_t>(index));
  update_reach(index);
}

// After one entry came or went at `from`.
void RangeLocks::update_reach(std::size_t from) {
  std::uint64_t reach = from == 0 ? 0 : entries_[from - 1].reach;
  for (std::size_t i = from; i < entries_.size(); ++i) {
    reach = std::max(reach, end_of(entries_[i].lock.range));
    // What follows depends on this maximum alone: once it is as before, so is the rest.
    if (i > from && entries_[i].reach == reach) return;
    entries_[i].reach = reach;
  }
}

}  // namespace dozo::share
