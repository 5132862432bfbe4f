// What the engine is told. Plain values: an event can be stored, replayed, shrunk and printed.
#pragma once

#include <boost/container/small_vector.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/time.h"
#include "model/access_mask.h"
#include "model/create.h"
#include "model/guid.h"
#include "share/ids.h"

namespace dozo::share {

// The lease a CREATE asks for. [MS-SMB2] 2.2.13.2.8, 2.2.13.2.10.
struct LeaseRequest {
  Guid key;
  LeaseState state;
  std::optional<Guid> parent_key;
  std::uint16_t epoch = 0;
  bool v2 = false;  // asked for with SMB2_CREATE_REQUEST_LEASE_V2
  bool operator==(const LeaseRequest&) const = default;
};

// A CREATE asks to open an existing (or just created) stream. Answer: Grant; Refuse with SHARING_VIOLATION,
// DELETE_PENDING, or INVALID_PARAMETER for a lease key that is in use for another file; or Park(ticket) while somebody
// else's oplock or lease is broken for it. After Wake(ticket) the open does not exist: the server resolves the name
// again, which may mean something else by now, and asks anew. [MS-FSA] 2.1.5.1.2.1, 2.1.5.1.2.2; [MS-SMB2] 3.3.5.9.
struct OpenRequest {
  OpenId open;
  TicketId ticket;
  OwnerId owner;
  FileKey key;
  // The link opened: the path from the volume's root, '\\' between the components, none in front; folded with
  // fold_name where the volume ignores case. It names the link whose deletion this open prevents, and what lies beneath
  // what; the engine never shows it to a file system.
  std::u16string path;
  // As authorised, generic rights mapped. An open with none of the data rights and DELETE does not take part in share
  // modes at all (see ShareRights in share_mode.h); nothing needs to be flagged for that.
  AccessMask granted_access;
  ShareAccess share_access;
  bool delete_on_close = false;       // FILE_DELETE_ON_CLOSE; acts when this open is closed
  bool overwrites = false;            // SUPERSEDE, OVERWRITE, OVERWRITE_IF of what exists: nobody's cache survives
  bool complete_if_oplocked = false;  // FILE_COMPLETE_IF_OPLOCKED: never parked
  bool is_directory = false;
  // Of the stream: byte-range locks beyond it keep nobody from caching. Unknown: all locks do.
  std::uint64_t allocation_size = ~std::uint64_t{0};
  // What the client asks for; with OplockLevel::lease, `lease` says the rest. A server that cannot see changes made
  // outside SMB asks for no directory lease.
  OplockLevel oplock = OplockLevel::none;
  std::optional<LeaseRequest> lease;
  Guid client_guid;
  bool operator==(const OpenRequest&) const = default;
};

// The lease it asks for, if it asks for one. [MS-SMB2] 3.3.5.9.8.
std::optional<LeaseId> lease_of(const OpenRequest& request);

// CLOSE, or the release of a grant that never became an open. Answer: Grant, or Refuse(FILE_CLOSED).
struct CloseOpen {
  OpenId open;
  // delete-on-close does not act: the directory holds entries ([MS-FSA] 2.1.5.5 phase 1), or the grant never became
  // an open.
  bool keep_name = false;
  bool operator==(const CloseOpen&) const = default;
};

// FileDispositionInformation. The server has checked READONLY and that a directory is empty; the engine checks DELETE
// access. Answer: Grant or Refuse(ACCESS_DENIED). [MS-FSA] 2.1.5.15.3.
struct SetDeletePending {
  OpenId open;
  bool on = true;
  bool operator==(const SetDeletePending&) const = default;
};

enum class LockKind : std::uint8_t {
  shared,
  exclusive,
  unlock,
  invalid,  // any combination of flags that [MS-SMB2] 2.2.26.1 does not list
};

struct LockElement {
  std::uint64_t offset = 0;
  std::uint64_t length = 0;
  LockKind kind = LockKind::invalid;
  bool fail_immediately = false;
  bool operator==(const LockElement&) const = default;
};
// Flags of [MS-SMB2] 2.2.26.1 to an element.
LockElement lock_element_from_wire(std::uint64_t offset, std::uint64_t length, std::uint32_t flags);
using LockElements = boost::container::small_vector<LockElement, 2>;

// [MS-SMB2] 2.2.26. index 1..64, number 0..15.
struct LockSequence {
  std::uint32_t index = 0;
  std::uint8_t number = 0;
  bool operator==(const LockSequence&) const = default;
};

// A byte-range lock that is held.
struct LockInfo {
  OpenId open;
  std::uint64_t offset = 0;
  std::uint64_t length = 0;
  bool exclusive = false;
  bool operator==(const LockInfo&) const = default;
};

// LOCK, whole request: a series of locks or of unlocks, as its first element says. Answer: Grant, Refuse, or
// Park(ticket) for one blocking lock. [MS-SMB2] 3.3.5.14.
struct LockRequest {
  OpenId open;
  TicketId ticket;
  LockElements elements;
  // Only where [MS-SMB2] 3.3.5.14 asks for verification (dialect, resilient/durable open, multichannel); else nullopt.
  std::optional<LockSequence> sequence;
  // A parked lock is refused with LOCK_NOT_GRANTED at this instant. None: it waits for ever.
  std::optional<Instant> give_up_at;
  bool operator==(const LockRequest&) const = default;
};

// CANCEL of a parked request. Answer: Grant followed by Wake(ticket, CANCELLED); Refuse(NOT_FOUND) when the ticket is
// not parked (any more): its Wake is already on its way. [MS-FSA] 2.1.5.20.
struct CancelTicket {
  OpenId open;
  TicketId ticket;
  bool operator==(const CancelTicket&) const = default;
};

// A rename that is about to happen: all opens of the link follow to the new path. Sent before the file system is asked,
// so that check and change are one step; sent again with the old path should the file system refuse.
// Answer: Grant, or Refuse as can_rename does; DELETE_PENDING when the new path is another, deleted link of the file;
// RETRY when `old_path` is given and is not the link's (any more): somebody else is renaming it. [MS-FSA] 2.1.5.15.12.
struct RenameLink {
  OpenId open;
  std::u16string new_path;
  std::optional<std::u16string> old_path = std::nullopt;
  bool operator==(const RenameLink&) const = default;
};

// What is about to be done through `open` that others' caches must not survive. [MS-FSA] 2.1.4.12.
enum class CacheUse : std::uint8_t {
  write,         // data is written, or zeroed: others lose everything, and so does the open's own level II oplock
  lock,          // a byte-range lock is taken: as a write
  set_size,      // end of file or allocation size changes: as a write
  set_delete,    // disposition: others lose H
  set_security,  // owner, group or DACL change: others' leases lose H
  rename,        // the link is renamed: others lose H
};

// Before the deed. Answer: Grant, or Park(ticket) until the acknowledgements that must be waited for have come; after
// its Wake(SUCCESS) the server goes on without asking again. Refuse(FILE_NOT_AVAILABLE) when a persistent open that is
// disconnected caches the stream. A Wake with FILE_CLOSED: the open was closed meanwhile; with CANCELLED: its owner is
// gone, or it has been preserved.
struct BreakCaches {
  OpenId open;
  TicketId ticket;
  CacheUse use = CacheUse::write;
  bool operator==(const BreakCaches&) const = default;
};

// After the deed that BreakCaches came before: who has been granted caching of the stream meanwhile may have read what
// was there before, and loses it. `open` may be closed by now. Always Grant, with the breaks behind it: nobody waits.
struct EndCaches {
  OpenId open;
  FileKey key;
  std::optional<LeaseId> by;  // the lease of the open
  bool operator==(const EndCaches&) const = default;
};

// A rename or link is about to take the name of another file that may be open: all who cache handles of it lose H,
// whatever stream, and may close. Answer as to BreakCaches; then can_replace says whether it may be replaced.
// [MS-FSA] 2.1.5.15.12.
struct BreakForReplace {
  OpenId open;  // a fresh id for `file`, which never becomes an open: names the request for CancelTicket
  TicketId ticket;
  OwnerId owner;
  FileIdentity file;
  std::optional<LeaseId> by;  // the lease of the renamed open: not broken
  bool operator==(const BreakForReplace&) const = default;
};

// An oplock break acknowledgement. Answer: Grant with the level that is held from now on, or Refuse as [MS-SMB2]
// 3.3.5.22.1 says; a level that cannot be held is refused, and ends the break with none.
struct AckOplock {
  OpenId open;
  OplockLevel level = OplockLevel::none;
  bool operator==(const AckOplock&) const = default;
};

// A lease break acknowledgement. Answer: Grant with the state that is held from now on, or Refuse as [MS-SMB2]
// 3.3.5.22.2 says.
struct AckLease {
  LeaseId lease;
  LeaseState state;
  bool operator==(const AckLease&) const = default;
};

// An entry of the directory was added, removed, renamed or changed by a client: directory leases on it end, but for the
// one of that client with the key the changing open named as its parent's. Always Grant, with the breaks behind it.
struct DirectoryChange {
  FileIdentity file;  // the directory
  std::optional<LeaseId> by;
  bool operator==(const DirectoryChange&) const = default;
};

// A file or directory was changed by somebody who is no SMB client. Always Grant, with the breaks behind it: all
// caching of it ends.
struct OutsideChange {
  FileIdentity file;
  bool operator==(const OutsideChange&) const = default;
};

// The connection is gone, and the open is one its client may come back to. Answer: Grant, and from then on it is
// disconnected: it keeps its share modes and locks, its waiting requests are woken with CANCELLED, and whoever needs
// its oplock or lease broken ends it (Forget), unless it is resilient (it goes on without) or persistent; or Refuse,
// and the server closes it: without H there is nothing that could make a client come back ([MS-SMB2] 3.3.7.1). At
// `until` it ends (Forget).
struct PreserveOpen {
  OpenId open;
  Instant until;
  bool resilient = false;   // needs no H, and is kept whatever others do; [MS-SMB2] 3.3.5.15.9, 3.3.2.4
  bool persistent = false;  // others are held off until `until` (FILE_NOT_AVAILABLE) instead of ending it
  bool operator==(const PreserveOpen&) const = default;
};

// The client came back to a preserved open. Answer: Grant with what it caches, or Refuse(OBJECT_NAME_NOT_FOUND).
struct ReclaimOpen {
  OpenId open;
  OwnerId owner;
  bool operator==(const ReclaimOpen&) const = default;
};

// What an open of before a restart held besides what it was opened with, as it was and unasked: nobody is waited for,
// and no access is needed. Answer: Grant; Refuse(LOCK_NOT_GRANTED) when a lock is in the way of another's: the others
// are held. LockInfo::open means nothing here.
struct RestoreOpen {
  OpenId open;
  std::vector<LockInfo> locks;
  std::vector<LockSequence> sequences;
  bool delete_pending = false;
  bool operator==(const RestoreOpen&) const = default;
};

// The tree connect, session or connection is gone: every open of the owner is closed. Answer: Grant, then a Wake for
// each parked request of the owner (RANGE_NOT_LOCKED: no close of a sibling may grant it first), then per open a Forget
// and what its close sets free.
struct DisconnectOwner {
  OwnerId owner;
  bool operator==(const DisconnectOwner&) const = default;
};

// Time has come to next_deadline(). Answer: Grant, followed by what had waited for it.
struct Deadline {
  bool operator==(const Deadline&) const = default;
};

using Event = std::variant<OpenRequest, CloseOpen, SetDeletePending, LockRequest, CancelTicket, RenameLink, BreakCaches,
                           EndCaches, BreakForReplace, AckOplock, AckLease, DirectoryChange, OutsideChange,
                           PreserveOpen, ReclaimOpen, RestoreOpen, DisconnectOwner, Deadline>;

}  // namespace dozo::share
