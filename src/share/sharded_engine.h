// ShardedEngine: the engine for many loops. One mutex per shard, held for one apply() or query and nothing else.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <map>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "base/mutex.h"
#include "base/result.h"
#include "base/time.h"
#include "share/engine.h"

namespace dozo::share {

// Thread-safe. All streams of a file are in one shard; an OpenId says which in its low bits, so that nothing needs a
// lock to find a shard. Owned by the server, outlives every connection.
//
// See Engine for how to wait on a ticket. Effects are delivered by the caller, after apply() has returned and its mutex
// is free: delivering may post to another loop, and may call apply() again.
class ShardedEngine {
 public:
  static constexpr std::size_t kShardBits = 6;
  static constexpr std::size_t kShards = std::size_t{1} << kShardBits;

  explicit ShardedEngine(EngineOptions options = {});

  // A fresh id for an OpenRequest of this file; good for that file alone.
  OpenId new_open_id(const FileKey& key);
  TicketId new_ticket_id();

  // As Engine::apply. DisconnectOwner and Deadline go to every shard in turn: their effects come out as one list with
  // one Grant in front. A lease key that a client uses for a file in another shard is refused as Engine refuses it.
  Effects apply(const Event& event, Instant now);
  // Takes no mutex. Of every apply() that has returned to this thread; another's may be missed until it has.
  std::optional<Instant> next_deadline() const;

  // As in Engine. What concerns several shards (has_opens_beneath, can_rename of a directory, lists, counts) is a
  // snapshot shard by shard: true when asked, not a promise.
  Result<> check_io(OpenId open, std::uint64_t offset, std::uint64_t length, IoKind kind) const;
  bool others_cache(OpenId open) const;
  bool caches_end(const EndCaches& event) const;
  Result<> can_rename(OpenId open) const;
  Result<> can_replace(const FileIdentity& file, std::u16string_view path) const;
  bool has_opens_beneath(std::uint64_t volume, std::u16string_view directory) const;
  bool is_open(OpenId open) const;
  bool has_opens(const FileIdentity& file) const;
  std::size_t open_count(const FileIdentity& file) const;
  bool delete_pending(const FileKey& key, std::u16string_view path) const;
  std::optional<OpenInfo> find_open(OpenId open) const;
  std::vector<OpenInfo> list_opens(std::size_t limit) const;
  HeldLocks list_locks(OpenId open) const;
  EngineCounts counts() const;

 private:
  static constexpr Instant::rep kNoDeadline = std::numeric_limits<Instant::rep>::max();

  struct alignas(64) Shard {
    mutable Mutex mutex;
    Engine engine DOZO_GUARDED_BY(mutex);
    // Its next_deadline(), as the last apply() left it.
    std::atomic<Instant::rep> deadline = kNoDeadline;
  };

  Shard& shard_of(const FileIdentity& file) { return shards_[shard_index(file)]; }
  Shard& shard_of(OpenId open) { return shards_[open.value() % kShards]; }
  const Shard& shard_of(OpenId open) const { return shards_[open.value() % kShards]; }
  static std::size_t shard_index(const FileIdentity& file) { return FileIdentityHash{}(file) % kShards; }
  Effects apply_to(Shard& shard, const Event& event, Instant now);
  Effects apply_open(Shard& shard, const OpenRequest& request, Instant now);
  Effects apply_to_all(const Event& event, Instant now);
  Effects apply_locked(Shard& shard, const Event& event, Instant now) DOZO_REQUIRES(shard.mutex);

  // Which file a lease is of, over all shards. [MS-SMB2] 3.3.5.9.8.
  struct LeaseOf {
    FileKey key;
    bool file_delete_on_close = false;
  };
  enum class Claim : std::uint8_t { ours, of_deleted_file, of_other_file };
  Claim claim_lease(const LeaseId& lease, const FileKey& key);
  void mark_lease(const LeaseId& lease);
  void drop_lease(const LeaseId& lease);
  Shard* find_shard(const LeaseId& lease);

  std::unique_ptr<Shard[]> shards_;
  // Locked after a shard's, never before one.
  mutable Mutex lease_mutex_;
  std::map<LeaseId, LeaseOf> leases_ DOZO_GUARDED_BY(lease_mutex_);
  std::atomic<std::uint64_t> next_open_{1};
  std::atomic<std::uint64_t> next_ticket_{1};
};

}  // namespace dozo::share
