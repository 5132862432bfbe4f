// The walk from a client's path to what it means on disk.
#pragma once

#include "vfs/posix/acting_as.h"
#include "vfs/posix/share.h"

namespace dozo::vfs::posix {

// An answer, or a status, or (would_wait) "not without waiting for a disk": run it again where that may be done.
template <class T>
struct Attempt {
  Result<T> result;
  bool would_wait = false;

  static Attempt waits() { return {fail(NtStatus::PENDING), true}; }
};

// What the system said of an object and its directory, in Resolved::findings.
struct Found final : Findings {
  Found(const struct statx& node, const Errno<struct statx>& parent) : node(node), parent(parent) {}
  const struct statx node;
  const Errno<struct statx> parent;  // ENOENT: it was not asked
};

Attempt<Resolved> resolve(const Share& share, const Caller* caller, const Path& path, ResolveOptions options,
                          Wait wait);

// The stored name (on disk) that `client_name` means in a directory; empty: none. EAGAIN: not without waiting.
Errno<std::string> find_stored(const Share& share, int directory, const std::string& client_name, Wait wait);

// Opens the object that was resolved with other flags, if its name still means it; else STATUS_RETRY.
// STATUS_CANNOT_BREAK_OPLOCK: another program's lease is in the way, fcntl(2) F_SETLEASE.
Attempt<UniqueFd> reopen(const Share& share, const Caller* caller, const Resolved& resolved, int flags, Wait wait);

}  // namespace dozo::vfs::posix
