// RecordCache: what was read from an object's extended attributes, as long as its change time says that it holds.
// Reading them of an object that is known by an O_PATH descriptor leads through /proc: a fifth of what it costs to open
// a file for its attributes.
#pragma once

#include <sys/stat.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>

#include "base/mutex.h"
#include "base/time.h"
#include "vfs/posix/dos_attributes.h"
#include "vfs/posix/security_record.h"
#include "vfs/types.h"

namespace dozo::vfs::posix {

struct ObjectRecord {
  DosAttributes attributes;
  std::uint32_t ea_size = 0;  // FileEaInformation of the client's own
  bool has_acl = false;       // system.posix_acl_access
  std::optional<SecurityRecord> security;
};

// Any thread. Bounded: a table in which a newcomer takes an older one's place.
class RecordCache {
 public:
  RecordCache();
  ~RecordCache();
  // `status`: statx of just now. Whatever is done to extended attributes changes stx_ctime.
  std::optional<ObjectRecord> find(const struct statx& status) const;
  // `status`: statx of before the attributes were read. Keeps nothing of an object that was changed so lately that
  // another change might leave the same change time: file systems stamp with a clock that moves once in a tick. Nor of
  // one with a long security descriptor.
  void put(const struct statx& status, WallTime now, const ObjectRecord& record);
  static bool may_keep(const struct statx& status, WallTime now);

 private:
  static constexpr std::size_t kLocks = 16;
  static constexpr std::size_t kSlots = 16384;
  struct Slot {
    NodeId id;
    std::int64_t ctime_ns = 0;
    std::optional<ObjectRecord> record;
  };
  struct Part {
    mutable Mutex mutex;
    std::array<Slot, kSlots / kLocks> slots DOZO_GUARDED_BY(mutex);
  };
  std::unique_ptr<std::array<Part, kLocks>> parts_;
};

}  // namespace dozo::vfs::posix
