#include "share/sharded_engine.h"

#include <algorithm>
#include <variant>

namespace dozo::share {

namespace {

// The open an event is about; nullopt for what concerns every shard.
std::optional<OpenId> open_of(const Event& event) {
  return std::visit(
      [](const auto& e) -> std::optional<OpenId> {
        if constexpr (requires { e.open; })
          return e.open;
        else
          return std::nullopt;
      },
      event);
}

// The file an event is about that names no open.
std::optional<FileIdentity> file_of(const Event& event) {
  return std::visit(
      [](const auto& e) -> std::optional<FileIdentity> {
        if constexpr (requires { e.file; })
          return e.file;
        else
          return std::nullopt;
      },
      event);
}

Effects refused(NtStatus status) {
  Effects effects;
  effects.push(Refuse{status});
  return effects;
}

}  // namespace

ShardedEngine::ShardedEngine(EngineOptions options) : shards_(std::make_unique<Shard[]>(kShards)) {
  for (std::size_t i = 0; i < kShards; ++i) {
    MutexLock lock(shards_[i].mutex);
    shards_[i].engine = Engine(options);
  }
}

OpenId ShardedEngine::new_open_id(const FileKey& key) {
  const std::uint64_t serial = next_open_.fetch_add(1, std::memory_order_relaxed);
  return OpenId{serial << kShardBits | shard_index(key.file())};
}

TicketId ShardedEngine::new_ticket_id() { return TicketId{next_ticket_.fetch_add(1, std::memory_order_relaxed)}; }

Effects ShardedEngine::apply(const Event& event, Instant now) {
  if (const auto* request = std::get_if<OpenRequest>(&event)) {
    return apply_open(shard_of(request->key.file()), *request, now);
  }
  if (const auto* ack = std::get_if<AckLease>(&event)) {
    Shard* shard = find_shard(ack->lease);
    return shard == nullptr ? refused(NtStatus::OBJECT_NAME_NOT_FOUND) : apply_to(*shard, event, now);
  }
  if (const std::optional<FileIdentity> file = file_of(event)) return apply_to(shard_of(*file), event, now);
  const std::optional<OpenId> open = open_of(event);
  if (!open) return apply_to_all(event, now);
  if (std::holds_alternative<RenameLink>(event)) {
    // What is open beneath a directory may be in any shard.
    if (const Result<> allowed = can_rename(*open); !allowed) return refused(allowed.error());
  }
  return apply_to(shard_of(*open), event, now);
}

Effects ShardedEngine::apply_to(Shard& shard, const Event& event, Instant now) {
  MutexLock lock(shard.mutex);
  return apply_locked(shard, event, now);
}

Effects ShardedEngine::apply_locked(Shard& shard, const Event& event, Instant now) {
  Effects effects = shard.engine.apply(event, now);
  for (const LeaseId& ended : shard.engine.take_ended_leases()) {
    // What one event ended it may have granted anew.
    if (!shard.engine.has_lease(ended)) drop_lease(ended);
  }
  const std::optional<Instant> next = shard.engine.next_deadline();
  shard.deadline.store(next ? next->time_since_epoch().count() : kNoDeadline, std::memory_order_release);
  return effects;
}

// The claim comes first, lest two files get one lease at once; it is given up when no lease has come of it. Whoever
// else claims it for this file has to wait for the shard.
Effects ShardedEngine::apply_open(Shard& shard, const OpenRequest& request, Instant now) {
  MutexLock lock(shard.mutex);
  const std::optional<LeaseId> lease = lease_of(request);
  if (!lease) return apply_locked(shard, request, now);
  const Claim claim = claim_lease(*lease, request.key);
  if (claim == Claim::of_other_file) return refused(NtStatus::INVALID_PARAMETER);
  if (claim == Claim::of_deleted_file) {
    OpenRequest without = request;
    without.oplock = OplockLevel::none;
    return apply_locked(shard, without, now);
  }
  Effects effects = apply_locked(shard, request, now);
  if (!shard.engine.has_lease(*lease))
    drop_lease(*lease);
  else if (effects.granted() && request.delete_on_close)
    mark_lease(*lease);
  return effects;
}

Effects ShardedEngine::apply_to_all(const Event& event, Instant now) {
  Effects all;
  all.push(Grant{});
  for (std::size_t i = 0; i < kShards; ++i) {
    const Effects some = apply_to(shards_[i], event, now);
    for (auto it = some.begin() + 1; it != some.end(); ++it) all.push(*it);
  }
  return all;
}

ShardedEngine::Claim ShardedEngine::claim_lease(const LeaseId& lease, const FileKey& key) {
  MutexLock lock(lease_mutex_);
  const LeaseOf& of = leases_.try_emplace(lease, LeaseOf{.key = key}).first->second;
  if (of.key == key) return Claim::ours;
  return of.file_delete_on_close ? Claim::of_deleted_file : Claim::of_other_file;
}

void ShardedEngine::mark_lease(const LeaseId& lease) {
  MutexLock lock(lease_mutex_);
  leases_[lease].file_delete_on_close = true;
}

void ShardedEngine::drop_lease(const LeaseId& lease) {
  MutexLock lock(lease_mutex_);
  leases_.erase(lease);
}

ShardedEngine::Shard* ShardedEngine::find_shard(const LeaseId& lease) {
  MutexLock lock(lease_mutex_);
  const auto it = leases_.find(lease);
  return it == leases_.end() ? nullptr : &shard_of(it->second.key.file());
}

std::optional<Instant> ShardedEngine::next_deadline() const {
  Instant::rep first = kNoDeadline;
  for (std::size_t i = 0; i < kShards; ++i) {
    first = std::min(first, shards_[i].deadline.load(std::memory_order_acquire));
  }
  if (first == kNoDeadline) return std::nullopt;
  return Instant(Duration(first));
}

Result<> ShardedEngine::check_io(OpenId open, std::uint64_t offset, std::uint64_t length, IoKind kind) const {
  const Shard& shard = shard_of(open);
  MutexLock lock(shard.mutex);
  return shard.engine.check_io(open, offset, length, kind);
}

bool ShardedEngine::others_cache(OpenId open) const {
  const Shard& shard = shard_of(open);
  MutexLock lock(shard.mutex);
  return shard.engine.others_cache(open);
}

bool ShardedEngine::caches_end(const EndCaches& event) const {
  const Shard& shard = shard_of(event.open);
  MutexLock lock(shard.mutex);
  return shard.engine.caches_end(event);
}

Result<> ShardedEngine::can_rename(OpenId open) const {
  std::optional<OpenInfo> info;
  {
    const Shard& shard = shard_of(open);
    MutexLock lock(shard.mutex);
    DOZO_CHECK(shard.engine.can_rename(open));
    info = shard.engine.find_open(open);
  }
  if (info && info->is_directory && has_opens_beneath(info->key.volume, info->path))
    return fail(NtStatus::ACCESS_DENIED);
  return {};
}

Result<> ShardedEngine::can_replace(const FileIdentity& file, std::u16string_view path) const {
  const Shard& shard = shards_[shard_index(file)];
  MutexLock lock(shard.mutex);
  return shard.engine.can_replace(file, path);
}

bool ShardedEngine::has_opens_beneath(std::uint64_t volume, std::u16string_view directory) const {
  for (std::size_t i = 0; i < kShards; ++i) {
    MutexLock lock(shards_[i].mutex);
    if (shards_[i].engine.has_opens_beneath(volume, directory)) return true;
  }
  return false;
}

bool ShardedEngine::is_open(OpenId open) const {
  const Shard& shard = shard_of(open);
  MutexLock lock(shard.mutex);
  return shard.engine.is_open(open);
}

std::optional<OpenInfo> ShardedEngine::find_open(OpenId open) const {
  const Shard& shard = shard_of(open);
  MutexLock lock(shard.mutex);
  return shard.engine.find_open(open);
}

bool ShardedEngine::has_opens(const FileIdentity& file) const {
  const Shard& shard = shards_[shard_index(file)];
  MutexLock lock(shard.mutex);
  return shard.engine.has_opens(file);
}

std::size_t ShardedEngine::open_count(const FileIdentity& file) const {
  const Shard& shard = shards_[shard_index(file)];
  MutexLock lock(shard.mutex);
  return shard.engine.open_count(file);
}

bool ShardedEngine::delete_pending(const FileKey& key, std::u16string_view path) const {
  const Shard& shard = shards_[shard_index(key.file())];
  MutexLock lock(shard.mutex);
  return shard.engine.delete_pending(key, path);
}

std::vector<OpenInfo> ShardedEngine::list_opens(std::size_t limit) const {
  std::vector<OpenInfo> out;
  for (std::size_t i = 0; i < kShards; ++i) {
    MutexLock lock(shards_[i].mutex);
    std::ranges::move(shards_[i].engine.list_opens(limit), std::back_inserter(out));
  }
  std::ranges::sort(out, {}, &OpenInfo::open);
  if (out.size() > limit) out.resize(limit);
  return out;
}

HeldLocks ShardedEngine::list_locks(OpenId open) const {
  const Shard& shard = shard_of(open);
  MutexLock lock(shard.mutex);
  return shard.engine.list_locks(open);
}

EngineCounts ShardedEngine::counts() const {
  EngineCounts sum;
  for (std::size_t i = 0; i < kShards; ++i) {
    MutexLock lock(shards_[i].mutex);
    const EngineCounts some = shards_[i].engine.counts();
    sum.files += some.files;
    sum.opens += some.opens;
    sum.locks += some.locks;
    sum.waiters += some.waiters;
    sum.oplocks += some.oplocks;
    sum.leases += some.leases;
    sum.breaks += some.breaks;
  }
  return sum;
}

}  // namespace dozo::share
