// Inside of Engine: its tables and the transitions on them. Only the engine's own sources include this.
#pragma once

#include <array>
#include <boost/container/small_vector.hpp>
#include <boost/unordered/unordered_flat_map.hpp>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <utility>
#include <vector>

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

// [MS-FSA] 2.1.1.5 "Per Stream", as far as it is open.
struct StreamState {
  std::u16string name;
  std::uint32_t opens = 0;
  bool deleted = false;
  ShareTally tally;
  RangeLocks locks;
  std::vector<Waiter> waiters;  // oldest first
};

// [MS-FSA] 2.1.1.3 "Per File", as far as it is open. Exists while it has opens.
struct FileState {
  FileIdentity identity;
  std::uint32_t opens = 0;
  // Over all streams: deleting the main stream deletes them all. [MS-FSA] 2.1.5.1.2.1.
  std::uint32_t main_stream_deleters = 0;
  std::uint32_t delete_deniers = 0;
  boost::container::small_vector<std::unique_ptr<StreamState>, 1> streams;
  boost::container::small_vector<std::unique_ptr<LinkState>, 1> links;
};

struct OpenState {
  OpenRequest request;
  ShareRights rights;
  FileState* file = nullptr;
  StreamState* stream = nullptr;
  LinkState* link = nullptr;
  std::size_t lock_count = 0;  // Open.LockCount
  std::size_t waiter_count = 0;
  std::unique_ptr<LockSequences> sequences;  // only once a sequence was used

  // A preserved open without a connection (engine_durable.cc sets these). Whoever needs its oplock or lease broken, or
  // is refused because of its share mode, ends it; but a persistent one holds them off. [MS-SMB2] 3.3.4.6, 3.3.4.7.
  bool disconnected = false;
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
  void on(const AckOplock& event, Effects& out);
  void on(const AckLease& event, Effects& out);
  void on(const DirectoryChange& event, Effects& out);
  void on(const OutsideChange& event, Effects& out);
  void on(const PreserveOpen& event, Effects& out);
  void on(const ReclaimOpen& event, Effects& out);
  void on(const DisconnectOwner& event, Effects& out);
  void on(const Deadline& event, Effects& out);

  OpenState* find_open(OpenId id) const;
  FileState* find_file(const FileIdentity& identity) const;
  Result<> can_rename(const OpenState& open) const;

  // engine_opens.cc
  Result<> check_open(const OpenRequest& request, const ShareRights& rights) const;
  void enter(const OpenRequest& request, const ShareRights& rights);
  void close(OpenId id, bool keep_name, Effects& out);
  void leave_share_modes(OpenState& open);
  void merge_links(FileState& file, LinkState& from, LinkState& into);
  void drop_references(OpenState& open, Effects& out);
  // Closes an open that nobody asked to be closed: Forget, then what its close sets free.
  void forget(OpenId id, Effects& out);

  // engine_durable.cc
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
};

// Elements of a container of unique_ptr by one of their members; nullptr when there is none.
template <class Container, class Member, class Value>
auto* find_by(const Container& container, Member member, const Value& value) {
  for (const auto& element : container) {
    if ((*element).*member == value) return element.get();
  }
  return static_cast<typename Container::value_type::pointer>(nullptr);
}

}  // namespace dozo::share
