// What opens of one file exclude of each other, said once more and differently from how the engine says it.
#pragma once

#include "model/access_mask.h"
#include "model/create.h"
#include "wire/lock.h"

namespace dozo::server::testing {

// Whether an open that shares `share` lets another one have `access`. [MS-FSA] 2.1.5.1.2.2.
inline bool permits(AccessMask access, AccessMask sharer_access, ShareAccess share) {
  constexpr AccessMask kReads = Access::read_data | Access::execute;
  constexpr AccessMask kWrites = Access::write_data | Access::append_data;
  constexpr AccessMask kCounts = kReads | kWrites | Access::delete_object;
  if (!access.has_any(kCounts) || !sharer_access.has_any(kCounts)) return true;
  if (access.has_any(kReads) && !share.has(ShareFlag::read)) return false;
  if (access.has_any(kWrites) && !share.has(ShareFlag::write)) return false;
  return !access.has(Access::delete_object) || share.has(ShareFlag::delete_access);
}

inline bool is_exclusive(const wire::LockElement& lock) { return lock.flags.has(wire::LockFlag::exclusive_lock); }
// Locks of two opens. [MS-FSA] 2.1.4.10.
inline bool exclude(const wire::LockElement& a, const wire::LockElement& b) {
  const bool overlap = a.offset < b.offset + b.length && b.offset < a.offset + a.length;
  return overlap && (is_exclusive(a) || is_exclusive(b));
}

}  // namespace dozo::server::testing
