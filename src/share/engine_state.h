// Inside of Engine: its tables and the transitions on them. Only the engine's own sources include this.
#pragma once

#include <array>
#include <boost/container/small_vector.hpp>
#include <boost/unordered/unordered_flat_map.hpp>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "share/cache_rules.h"
#include "share/engine.h"
#include "share/path_index.h"
#include "share/range_locks.h"
#include "share/share_mode.h"

namespace dozo::share {

// [MS-SMB2] 3.3.1.10 Open.LockSequenceArray: entries 1 to 64.
inline constexpr std::uint32_t kLockSequenceMax = 64;
struct LockSequences {
  std::array<std::optional<std::uint8_t>, kLockSequenceMax + 1> entries;
};

// [MS-FSA] 2.1.1.4 "Per Link", as far as it is open.
struct LinkState {
  std::u16string path;
  std::uint32_t opens = 0;
  bool deleted = false;
};

// A blocking lock that waits. [MS-FSA] 2.1.5.8.
struct Waiter {
  TicketId ticket;
  OpenId open;
  RangeLock lock;
  std::optional<LockSequence> sequence;
  std::optional<Instant> give_up_at;
};

struct StreamState;

// Who caches a stream: a lease, with all opens of its client that named its key, or the oplock of one open. A lease
// stays with its opens when its state is none; an oplock does not. [MS-SMB2] 3.3.1.12; [MS-FSA] 2.1.1.10.
struct CacheHolder {
  std::uint64_t serial = 0;  // in the order they came; makes the order of effects one and the same
  std::optional<LeaseId> lease;
  StreamState* stream = nullptr;
  std::vector<OpenId> opens;
  LeaseState state;  // what is held; while a break is not acknowledged, what was held before it

  // Of leases.
  bool v2 = false;
  bool file_delete_on_close = false;
  std::uint16_t epoch = 0;
  std::optional<Guid> parent_key;

  // A break that must be acknowledged.
  bool breaking = false;
  LeaseState break_to;  // as announced
  LeaseState required;  // what it must come to in the end: break_to, or less when more was asked of it meanwhile
  Instant deadline{};
  std::vector<TicketId> waiters;  // oldest first

  CacheKind kind() const { return lease ? CacheKind::lease : CacheKind::oplock; }
};

// A request that waits for caches to be given up. The open it names may not exist (yet).
struct CacheWait {
  OpenId open;
  OwnerId owner;
  boost::container::small_vector<CacheHolder*, 2> holders;
};

// Who does what others' caches must not survive.
struct Actor {
  std::optional<OpenId> open;
  std::optional<LeaseId> lease;
  AccessMask access;  // of an open; else it means nothing
};

// [MS-FSA] 2.1.1.5 "Per Stream", as far as it is open.
struct StreamState {
  std::u16string name;
  std::uint32_t opens = 0;
  bool deleted = false;
  ShareTally tally;
  RangeLocks locks;
  std::vector<Waiter> waiters;  // oldest first
  boost::container::small_vector<std::unique_ptr<CacheHolder>, 1> caches;
  // Opens for more than attributes, as CacheKind::lease and CacheKind::oplock see it.
  std::array<std::uint32_t, 2> users{};
};

// [MS-FSA] 2.1.1.3 "Per File", as far as it is open. Exists while it has opens.
struct FileState {
  FileIdentity identity;
  std::uint32_t opens = 0;
  // Over all streams: deleting the main stream deletes them all. [MS-FSA] 2.1.5.1.2.1.
  std::uint32_t main_stream_deleters = 0;
  std::uint32_t delete_deniers = 0;
  std::uint32_t held_off = 0;  // persistent opens that are disconnected: nobody else gets in
  boost::container::small_vector<std::unique_ptr<StreamState>, 1> streams;
  boost::container::small_vector<std::unique_ptr<LinkState>, 1> links;
};

struct OpenState {
  OpenRequest request;
  ShareRights rights;
  FileState* file = nullptr;
  StreamState* stream = nullptr;
  LinkState* link = nullptr;
  CacheHolder* cache = nullptr;
  std::size_t lock_count = 0;  // Open.LockCount
  std::size_t waiter_count = 0;
  std::unique_ptr<LockSequences> sequences;  // only once a sequence was used

  // A preserved open without a connection (engine_durable.cc sets these). Whoever needs its oplock or lease broken, or
  // is refused because of its share mode, ends it; but a resilient one stays and loses what it caches, and a persistent
  // one holds them off. [MS-SMB2] 3.3.4.6, 3.3.4.7.
  bool disconnected = false;
  bool resilient = false;
  bool persistent = false;
  std::optional<Instant> expires;  // then it is also in State::expiries
};

struct Engine::State {
  explicit State(EngineOptions o) : options(o) {}

  // One per event, each in the source of its subject. They push the answer first.
  void on(const OpenRequest& event, Effects& out);
  void on(const CloseOpen& event, Effects& out);
  void on(const SetDeletePending& event, Effects& out);
  void on(const LockRequest& event, Effects& out);
  void on(const CancelTicket& event, Effects& out);
  void on(const RenameLink& event, Effects& out);
  void on(const BreakCaches& event, Effects& out);
  void on(const EndCaches& event, Effects& out);
  void on(const BreakForReplace& event, Effects& out);
  void on(const AckOplock& event, Effects& out);
  void on(const AckLease& event, Effects& out);
  void on(const DirectoryChange& event, Effects& out);
  void on(const OutsideChange& event, Effects& out);
  void on(const PreserveOpen& event, Effects& out);
  void on(const ReclaimOpen& event, Effects& out);
  void on(const RestoreOpen& event, Effects& out);
  void on(const DisconnectOwner& event, Effects& out);
  void on(const Deadline& event, Effects& out);

  OpenState* find_open(OpenId id) const;
  FileState* find_file(const FileIdentity& identity) const;
  StreamState* find_stream(const FileKey& key) const;
  Result<> can_rename(const OpenState& open) const;

  // engine_opens.cc
  Result<> check_open(const OpenRequest& request, const ShareRights& rights) const;
  Result<> end_preserved(const OpenRequest& request, const ShareRights& rights, Effects& out);
  OpenState& enter(const OpenRequest& request, const ShareRights& rights);
  void close(OpenId id, bool keep_name, Effects& out);
  void leave_share_modes(OpenState& open);
  void merge_links(FileState& file, LinkState& from, LinkState& into);
  void drop_references(OpenState& open, Effects& out);
  // Closes an open that nobody asked to be closed: Forget, then what its close sets free.
  void forget(OpenId id, Effects& out);

  // engine_caching.cc
  Result<> check_lease_key(const OpenRequest& request) const;
  Grant grant_cache(OpenState& open);
  Grant grant_lease(OpenState& open, const LeaseRequest& request);
  CacheHolder& add_cache(OpenState& open);
  LeaseState grantable(const OpenState& open, CacheKind kind, LeaseState wanted) const;
  bool is_grantable(const OpenState& open, const GrantRule& rule) const;
  // Takes the open out of its lease or ends its oplock. Who waited for it is in `woken`, to be woken at the end.
  void leave_cache(OpenState& open, Effects& woken);
  void remove_cache(CacheHolder& holder);

  // engine_breaks.cc
  using Awaited = boost::container::small_vector<CacheHolder*, 2>;
  // Breaks what the rule says of the stream's caches; tells who must be waited for. What is disconnected and cannot be
  // broken ends first, and the stream maybe with it.
  Awaited break_caches(const BreakRule& rule, const FileKey& key, const Actor& actor, Effects& out);
  Awaited break_connected(const BreakRule& rule, StreamState& stream, const Actor& actor, Effects& out);
  void end_disconnected(const BreakRule& rule, const FileKey& key, const Actor& actor, Effects& out);
  bool is_held_off(const BreakRule& rule, const StreamState& stream, const Actor& actor) const;
  bool is_own(const CacheHolder& holder, const Actor& actor) const;
  bool is_any_met(const BreakRule& rule, const StreamState& stream, const Actor& actor) const;
  bool is_met(const BreakRule& rule, const CacheHolder& holder, const Actor& actor) const;
  bool is_disconnected(const CacheHolder& holder) const;
  LeaseState left_after(const CacheHolder& holder, LeaseState loses) const;
  void start_break(CacheHolder& holder, LeaseState to, Effects& out);
  void announce(const CacheHolder& holder, LeaseState from, LeaseState to, Effects& out) const;
  void acknowledge(CacheHolder& holder, LeaseState state, Effects& out);
  void finish_break(CacheHolder& holder, Effects& out);
  void give_up_lost_break(CacheHolder& holder, Effects& out);
  void park(const Awaited& awaited, OpenId open, TicketId ticket, OwnerId owner);
  void stop_waiting(TicketId ticket, NtStatus status, Effects& out);
  void end_cache_waits(OpenId open, NtStatus status, Effects& out);
  void expire_breaks(Effects& out);

  // engine_durable.cc
  Result<> check_held_off(const FileState& file) const;
  // Forgets the disconnected opens whose time is over.
  void expire_opens(Effects& out);

  // engine_locks.cc
  bool is_replay(OpenState& open, const LockRequest& request);
  Result<> lock_series(OpenState& open, const LockRequest& request);
  Result<> unlock_series(OpenState& open, const LockRequest& request, Effects& woken);
  void park(OpenState& open, const LockRequest& request, const RangeLock& lock);
  void take(OpenState& open, const RangeLock& lock);
  void remember(OpenState& open, const std::optional<LockSequence>& sequence);
  void retry_waiters(StreamState& stream, Effects& out);
  void end_wait(StreamState& stream, std::size_t index, NtStatus status, Effects& out);
  void end_waits_of(OpenState& open, NtStatus status, Effects& out);
  void release_locks(OpenState& open, Effects& out);

  EngineOptions options;
  Instant now{};
  boost::unordered_flat_map<OpenId, std::unique_ptr<OpenState>, std::hash<OpenId>> opens;
  boost::unordered_flat_map<FileIdentity, std::unique_ptr<FileState>, FileIdentityHash> files;
  boost::unordered_flat_map<TicketId, OpenId, std::hash<TicketId>> tickets;
  std::set<std::pair<OwnerId, OpenId>> owners;
  std::set<std::pair<Instant, TicketId>> deadlines;
  std::set<std::pair<Instant, OpenId>> expiries;  // of disconnected opens
  PathIndex paths;
  std::size_t lock_total = 0;

  std::map<LeaseId, CacheHolder*> leases;
  std::vector<LeaseId> ended_leases;  // since they were last asked for
  std::map<TicketId, CacheWait> cache_waits;
  std::map<std::pair<Instant, std::uint64_t>, CacheHolder*> break_deadlines;  // by serial
  std::uint64_t next_serial = 1;
  std::size_t oplock_total = 0;
};

// What an open caches, as its client is told.
Grant grant_of(const OpenState& open);

// Elements of a container of unique_ptr by one of their members; nullptr when there is none.
template <class Container, class Member, class Value>
auto* find_by(const Container& container, Member member, const Value& value) {
  for (const auto& element : container) {
    if ((*element).*member == value) return element.get();
  }
  return static_cast<typename Container::value_type::pointer>(nullptr);
}

}  // namespace dozo::share
