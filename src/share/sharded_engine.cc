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
  if (const std::optional<FileIdentity> file = file_of(event)) {
    Shard& shard = shards_[shard_index(*file)];
    MutexLock lock(shard.mutex);
    return shard.engine.apply(event, now);
  }
  const std::optional<OpenId> open = open_of(event);
  if (!open) return apply_to_all(event, now);
  if (std::holds_alternative<RenameLink>(event)) {
    // What is open beneath a directory may be in any shard.
    if (const Result<> allowed = can_rename(*open); !allowed) {
      Effects refused;
      refused.push(Refuse{allowed.error()});
      return refused;
    }
  }
  Shard& shard = shard_of(*open);
  MutexLock lock(shard.mutex);
  return shard.engine.apply(event, now);
}

Effects ShardedEngine::apply_to_all(const Event& event, Instant now) {
  Effects all;
  all.push(Grant{});
  for (std::size_t i = 0; i < kShards; ++i) {
    MutexLock lock(shards_[i].mutex);
    const Effects some = shards_[i].engine.apply(event, now);
    for (auto it = some.begin() + 1; it != some.end(); ++it) all.push(*it);
  }
  return all;
}

std::optional<Instant> ShardedEngine::next_deadline() const {
  std::optional<Instant> first;
  for (std::size_t i = 0; i < kShards; ++i) {
    MutexLock lock(shards_[i].mutex);
    const std::optional<Instant> next = shards_[i].engine.next_deadline();
    if (next && (!first || *next < *first)) first = next;
  }
  return first;
}

Result<> ShardedEngine::check_io(OpenId open, std::uint64_t offset, std::uint64_t length, IoKind kind) const {
  const Shard& shard = shard_of(open);
  MutexLock lock(shard.mutex);
  return shard.engine.check_io(open, offset, length, kind);
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

std::vector<LockInfo> ShardedEngine::list_locks(OpenId open) const {
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
  }
  return sum;
}

}  // namespace dozo::share
