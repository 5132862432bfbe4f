// The share-state engine: who has which stream open, with which share modes, byte-range locks and deletions pending.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "model/access_mask.h"
#include "model/create.h"
#include "share/effects.h"
#include "share/events.h"
#include "share/ids.h"

namespace dozo::share {

enum class IoKind : std::uint8_t { read, write };

// Bugs planted for the simulation, which must find them. Never set in a server.
enum class Canary : std::uint8_t {
  none,
  unlock_wakes_one,      // an unlock retries only the first waiter
  append_is_not_write,   // FILE_APPEND_DATA alone ignores FILE_SHARE_WRITE
  close_keeps_locks,     // a close leaves the open's last lock behind
  rollback_keeps_first,  // a refused lock series leaves its first lock behind
  break_forgets_waiter,  // the end of a break wakes all who wait but the last
  own_lease_is_broken,   // an open breaks the lease it shares
  break_is_not_sent,     // nobody hears of a break
  break_is_not_awaited,  // who needs a break goes on before it is acknowledged
  stranger_reclaims,     // the server's: whoever asks for a disconnected open gets it
};

struct EngineOptions {
  // Bounds against a client that hoards. Beyond them: INSUFFICIENT_RESOURCES.
  std::size_t locks_per_open_max = 65536;
  std::size_t waiters_per_open_max = 256;
  // How long a break waits for its acknowledgement. [MS-SMB2] 3.3.2.1, 3.3.2.5: Windows waits 35 seconds.
  Duration break_timeout = std::chrono::seconds(35);
  Canary canary = Canary::none;
};

struct OpenInfo {
  OpenId open;
  OwnerId owner;
  FileKey key;
  std::u16string path;
  AccessMask granted_access;
  ShareAccess share_access;
  bool delete_on_close = false;
  bool delete_pending = false;
  bool is_directory = false;
  std::size_t lock_count = 0;
  Grant caching;  // oplock or lease, as its client was last told
  std::optional<LeaseId> lease;
  bool disconnected = false;
  bool operator==(const OpenInfo&) const = default;
};

// What an open holds of its stream.
struct HeldLocks {
  std::vector<LockInfo> locks;
  std::vector<LockSequence> sequences;  // the valid entries of Open.LockSequenceArray, by index
  bool operator==(const HeldLocks&) const = default;
};

struct EngineCounts {
  std::size_t files = 0;
  std::size_t opens = 0;
  std::size_t locks = 0;
  std::size_t waiters = 0;
  std::size_t oplocks = 0;
  std::size_t leases = 0;  // those that cache nothing any more, too
  std::size_t breaks = 0;  // not acknowledged yet
  bool operator==(const EngineCounts&) const = default;
};

// A value that only apply() changes. Pure: no I/O, no clock, no thread; the same events give the same effects. Owned by
// a shard of ShardedEngine, a test or the simulation; not safe to share between threads without a lock (see
// sharded_engine.h).
//
// How a server waits. It chooses a fresh TicketId and registers whoever will await it BEFORE apply(): when the answer
// is Park(ticket), the Wake(ticket, status) comes out of some later apply(), maybe on another loop, maybe before the
// first loop has looked at its own effects. Whoever calls apply() delivers every Wake, Purge and Forget it gets back,
// after the shard's mutex is released. Exactly one Wake follows a Park. After Wake(SUCCESS) the lock is held: a server
// whose request has vanished meanwhile closes the open or unlocks the range. A wait that must survive its caller needs
// nothing: the ticket belongs to the open, and CloseOpen and DisconnectOwner wake it.
class Engine {
 public:
  explicit Engine(EngineOptions options = {});
  ~Engine();
  Engine(Engine&&) noexcept;
  Engine& operator=(Engine&&) noexcept;

  // Never fails otherwise than by a Refuse. A `now` before the last one counts as the last one: loops read their clocks
  // before they get to a shard.
  Effects apply(const Event& event, Instant now);

  // When to send the next Deadline event; nullopt when nothing waits with a time limit.
  std::optional<Instant> next_deadline() const;

  // May this open read or write the range? FILE_LOCK_CONFLICT, or FILE_CLOSED. [MS-FSA] 2.1.5.3, 2.1.5.4.
  Result<> check_io(OpenId open, std::uint64_t offset, std::uint64_t length, IoKind kind) const;

  // Does anybody's oplock or lease cache what a write through this open would change, so that it needs BreakCaches
  // first? Others', or its own level II oplock. false for what is not open.
  bool others_cache(OpenId open) const;
  // Would this event break anything?
  bool caches_end(const EndCaches& event) const;

  // May the link of this open be renamed? ACCESS_DENIED without DELETE access, when it is deleted, or for a directory
  // when something is open beneath it. [MS-FSA] 2.1.5.15.12.
  Result<> can_rename(OpenId open) const;
  // May a rename or link replace this other file? ACCESS_DENIED while it is open, DELETE_PENDING when `path`, its link,
  // is marked deleted. Not to be asked about another name of the renamed file itself. [MS-FSA] 2.1.5.15.12.
  Result<> can_replace(const FileIdentity& file, std::u16string_view path) const;
  // Is anything open strictly beneath the directory? [MS-FSA] 2.1.4.2.
  bool has_opens_beneath(std::uint64_t volume, std::u16string_view directory) const;

  bool is_open(OpenId open) const;
  bool has_opens(const FileIdentity& file) const;
  std::size_t open_count(const FileIdentity& file) const;  // over all its streams and links
  // Is the link (main stream) or stream marked deleted? For FileStandardInformation, and for a path walk through a
  // deleted directory. [MS-FSA] 2.1.5.1 phase 6.
  bool delete_pending(const FileKey& key, std::u16string_view path) const;

  std::optional<OpenInfo> find_open(OpenId open) const;
  // For status displays, by open id; at most `limit`.
  std::vector<OpenInfo> list_opens(std::size_t limit) const;
  // Both as of one moment. Empty for what is not open.
  HeldLocks list_locks(OpenId open) const;
  EngineCounts counts() const;

  bool has_lease(const LeaseId& lease) const;
  // The leases that have ended since this was last asked: their keys are free for other files.
  std::vector<LeaseId> take_ended_leases();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace dozo::share
