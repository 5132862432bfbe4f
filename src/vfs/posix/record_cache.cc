#include "vfs/posix/record_cache.h"

#include "vfs/posix/share.h"

namespace dozo::vfs::posix {
namespace {

constexpr Duration kSettled = std::chrono::milliseconds(100);  // a tick takes up to 10
constexpr std::size_t kLongestDescriptor = 2048;               // bytes; all slots together: 32 MiB

std::int64_t ctime_of(const struct statx& status) {
  return status.stx_ctime.tv_sec * 1'000'000'000 + status.stx_ctime.tv_nsec;
}

std::size_t place_of(const NodeId& id) {
  std::uint64_t x = (id.inode ^ (id.device << 40)) * 0x9E3779B97F4A7C15ull;
  x ^= x >> 32;
  return static_cast<std::size_t>(x);
}

}  // namespace

RecordCache::RecordCache() : parts_(std::make_unique<std::array<Part, kLocks>>()) {}
RecordCache::~RecordCache() = default;

std::optional<ObjectRecord> RecordCache::find(const struct statx& status) const {
  const NodeId id = id_of(status);
  const std::size_t place = place_of(id);
  const Part& part = (*parts_)[place % kLocks];
  const MutexLock lock(part.mutex);
  const Slot& slot = part.slots[place / kLocks % part.slots.size()];
  if (slot.id != id || slot.ctime_ns != ctime_of(status)) return std::nullopt;
  return slot.record;
}

bool RecordCache::may_keep(const struct statx& status, WallTime now) {
  return now.time_since_epoch() - std::chrono::nanoseconds(ctime_of(status)) >= kSettled;
}

void RecordCache::put(const struct statx& status, WallTime now, const ObjectRecord& record) {
  if (!may_keep(status, now)) return;
  if (record.security && record.security->descriptor->size() > kLongestDescriptor) return;
  const NodeId id = id_of(status);
  const std::size_t place = place_of(id);
  Part& part = (*parts_)[place % kLocks];
  const MutexLock lock(part.mutex);
  part.slots[place / kLocks % part.slots.size()] = {id, ctime_of(status), record};
}

}  // namespace dozo::vfs::posix
