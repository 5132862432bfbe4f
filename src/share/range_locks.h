// Byte-range locks of one stream. [MS-FSA] 2.1.4.10, 2.1.5.8, 2.1.5.9.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <vector>

#include "share/ids.h"

namespace dozo::share {

// A range of a lock, read or write. Length zero is a point between two bytes: it overlaps what lies on both its sides.
// {0, 0} has nothing on one side and overlaps nothing. [MS-FSA] 2.1.4.10.
struct ByteRange {
  std::uint64_t offset = 0;
  std::uint64_t length = 0;

  // [MS-FSA] 2.1.5.8: bytes beyond 2^64-1 make a range invalid. The last byte may be 2^64-1 itself.
  bool is_valid() const { return length == 0 || offset + length - 1 >= offset; }
  bool is_nothing() const { return offset == 0 && length == 0; }
  // Meaningless for {0, 0}. For a point it is the byte before.
  std::uint64_t last() const { return offset + length - 1; }
  bool overlaps(const ByteRange& other) const {
    if (is_nothing() || other.is_nothing()) return false;
    return offset <= other.last() && last() >= other.offset;
  }
  // The range that an I/O touches: cut at 2^64-1.
  static ByteRange of_io(std::uint64_t offset, std::uint64_t length) {
    const std::uint64_t room = std::numeric_limits<std::uint64_t>::max() - offset;
    return {offset, length - 1 > room && length != 0 ? room + 1 : length};
  }
  bool operator==(const ByteRange&) const = default;
};

// What is wanted of a range.
enum class RangeUse : std::uint8_t { read, write, lock_shared, lock_exclusive };
inline constexpr std::size_t kRangeUses = 4;

// Who holds an overlapping lock, and how.
enum class HeldLock : std::uint8_t { shared_by_other, shared_by_self, exclusive_by_other, exclusive_by_self };
inline constexpr std::size_t kHeldLocks = 4;

// The lock compatibility table: kRangeConflicts[held][use]. "Self" is the same open, not the same client.
// [MS-FSA] 2.1.4.10: an exclusive lock blocks all others, and its owner only from locking exclusively again; a shared
// lock blocks every write and exclusive lock, its owner's too.
inline constexpr std::array<std::array<bool, kRangeUses>, kHeldLocks> kRangeConflicts = {{
    // read  write  shared exclusive
    {false, true, false, true},   // shared_by_other
    {false, true, false, true},   // shared_by_self
    {true, true, true, true},     // exclusive_by_other
    {false, false, false, true},  // exclusive_by_self
}};

struct RangeLock {
  ByteRange range;
  OpenId open;
  bool exclusive = false;
  bool operator==(const RangeLock&) const = default;
};

// The locks of one stream, by offset, with a running maximum of where they end: a look-up visits only locks that may
// overlap. Value; owned by its stream. A change moves what lies behind it in the vector.
class RangeLocks {
 public:
  bool conflicts(const ByteRange& range, OpenId open, RangeUse use) const;
  void insert(const RangeLock& lock);

  // Removes the lock of this open with exactly this range: the exclusive one if there is one, else the newest shared.
  // [MS-FSA] 2.1.5.9. false: there is none.
  bool remove(const ByteRange& range, OpenId open);
  // Takes back one insert(lock).
  void take_back(const RangeLock& lock);
  // Removes all locks of an open but the last `keep`; returns how many.
  std::size_t remove_all(OpenId open, std::size_t keep = 0);

  std::size_t size() const { return entries_.size(); }
  bool empty() const { return entries_.empty(); }
  // Does any lock begin in the first `size` bytes?
  bool begins_before(std::uint64_t size) const {
    return !entries_.empty() && entries_.front().lock.range.offset < size;
  }
  // By offset, then in the order taken.
  std::vector<RangeLock> list(OpenId open) const;

 private:
  struct Entry {
    RangeLock lock;
    std::uint64_t reach = 0;  // the greatest last() of this entry and all before it
  };
  static std::uint64_t end_of(const ByteRange& range) { return range.is_nothing() ? 0 : range.last(); }
  std::size_t first_after(std::uint64_t offset) const;
  void erase_at(std::size_t index);
  void update_reach(std::size_t from);

  std::vector<Entry> entries_;
};

}  // namespace dozo::share
