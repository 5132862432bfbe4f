#include "share/engine.h"

#include <algorithm>
#include <utility>
#include <variant>

#include "share/engine_state.h"

namespace dozo::share {

Engine::Engine(EngineOptions options) : state_(std::make_unique<State>(options)) {}
Engine::~Engine() = default;
Engine::Engine(Engine&&) noexcept = default;
Engine& Engine::operator=(Engine&&) noexcept = default;

Effects Engine::apply(const Event& event, Instant now) {
  state_->now = std::max(state_->now, now);
  Effects out;
  std::visit([&](const auto& e) { state_->on(e, out); }, event);
  return out;
}

OpenState* Engine::State::find_open(OpenId id) const {
  const auto it = opens.find(id);
  return it == opens.end() ? nullptr : it->second.get();
}

FileState* Engine::State::find_file(const FileIdentity& identity) const {
  const auto it = files.find(identity);
  return it == files.end() ? nullptr : it->second.get();
}

std::optional<Instant> Engine::next_deadline() const {
  std::optional<Instant> first;
  const auto consider = [&first](const auto& set) {
    if (!set.empty() && (!first || set.begin()->first < *first)) first = set.begin()->first;
  };
  consider(state_->deadlines);
  consider(state_->expiries);
  if (!state_->break_deadlines.empty()) {
    const Instant at = state_->break_deadlines.begin()->first.first;
    first = first ? std::min(*first, at) : at;
  }
  return first;
}

Result<> Engine::check_io(OpenId open, std::uint64_t offset, std::uint64_t length, IoKind kind) const {
  const OpenState* o = state_->find_open(open);
  if (o == nullptr) return fail(NtStatus::FILE_CLOSED);
  if (length == 0) return {};  // nothing is read or written: no lock is in its way
  // [MS-FSA] 2.1.5.3, 2.1.5.4: reading has shared intent, writing exclusive intent, neither has locking intent.
  const RangeUse use = kind == IoKind::read ? RangeUse::read : RangeUse::write;
  if (o->stream->locks.conflicts(ByteRange::of_io(offset, length), open, use))
    return fail(NtStatus::FILE_LOCK_CONFLICT);
  return {};
}

Result<> Engine::State::can_rename(const OpenState& open) const {
  // [MS-FSA] 2.1.5.15.12: DELETE access; not of a deleted link; not of a directory with opens beneath.
  if (!open.request.granted_access.has(Access::delete_object)) return fail(NtStatus::ACCESS_DENIED);
  if (open.link->deleted) return fail(NtStatus::ACCESS_DENIED);
  if (open.request.is_directory && paths.has_beneath(open.request.key.volume, open.link->path)) {
    return fail(NtStatus::ACCESS_DENIED);
  }
  return {};
}

Result<> Engine::can_rename(OpenId open) const {
  const OpenState* o = state_->find_open(open);
  if (o == nullptr) return fail(NtStatus::FILE_CLOSED);
  return state_->can_rename(*o);
}

Result<> Engine::can_replace(const FileIdentity& file, std::u16string_view path) const {
  const FileState* f = state_->find_file(file);
  if (f == nullptr) return {};
  // [MS-FSA] 2.1.5.15.12: the target is deleted already, or somebody has it open.
  const LinkState* link = find_by(f->links, &LinkState::path, path);
  return fail(link != nullptr && link->deleted ? NtStatus::DELETE_PENDING : NtStatus::ACCESS_DENIED);
}

bool Engine::has_opens_beneath(std::uint64_t volume, std::u16string_view directory) const {
  return state_->paths.has_beneath(volume, directory);
}

bool Engine::is_open(OpenId open) const { return state_->find_open(open) != nullptr; }

bool Engine::has_opens(const FileIdentity& file) const { return state_->find_file(file) != nullptr; }

std::size_t Engine::open_count(const FileIdentity& file) const {
  const FileState* found = state_->find_file(file);
  return found == nullptr ? 0 : found->opens;
}

bool Engine::delete_pending(const FileKey& key, std::u16string_view path) const {
  const FileState* file = state_->find_file(key.file());
  if (file == nullptr) return false;
  const LinkState* link = find_by(file->links, &LinkState::path, path);
  const StreamState* stream = find_by(file->streams, &StreamState::name, key.stream);
  return (link != nullptr && link->deleted) || (stream != nullptr && stream->deleted);
}

namespace {

OpenInfo info_of(const OpenState& open) {
  const OpenRequest& request = open.request;
  return {.open = request.open,
          .owner = request.owner,
          .key = request.key,
          .path = open.link->path,
          .granted_access = request.granted_access,
          .share_access = request.share_access,
          .delete_on_close = request.delete_on_close,
          .delete_pending = open.link->deleted || open.stream->deleted,
          .is_directory = request.is_directory,
          .lock_count = open.lock_count,
          .caching = grant_of(open),
          .lease = open.cache == nullptr ? std::nullopt : open.cache->lease,
          .disconnected = open.disconnected};
}

}  // namespace

std::optional<OpenInfo> Engine::find_open(OpenId open) const {
  const OpenState* o = state_->find_open(open);
  if (o == nullptr) return std::nullopt;
  return info_of(*o);
}

std::vector<OpenInfo> Engine::list_opens(std::size_t limit) const {
  std::vector<const OpenState*> all;
  all.reserve(state_->opens.size());
  for (const auto& [id, open] : state_->opens) all.push_back(open.get());
  const auto count = static_cast<std::ptrdiff_t>(std::min(limit, all.size()));
  std::ranges::partial_sort(all, all.begin() + count, {}, [](const OpenState* o) { return o->request.open; });
  std::vector<OpenInfo> out;
  for (auto it = all.begin(); it != all.begin() + count; ++it) {
    out.push_back(info_of(**it));
  }
  return out;
}

HeldLocks Engine::list_locks(OpenId open) const {
  HeldLocks out;
  const OpenState* o = state_->find_open(open);
  if (o == nullptr) return out;
  for (const RangeLock& lock : o->stream->locks.list(open)) {
    out.locks.push_back({open, lock.range.offset, lock.range.length, lock.exclusive});
  }
  for (std::uint32_t index = 1; o->sequences && index <= kLockSequenceMax; ++index) {
    const std::optional<std::uint8_t>& number = o->sequences->entries[index];
    if (number) out.sequences.push_back({index, *number});
  }
  return out;
}

EngineCounts Engine::counts() const {
  return {.files = state_->files.size(),
          .opens = state_->opens.size(),
          .locks = state_->lock_total,
          .waiters = state_->tickets.size() + state_->cache_waits.size(),
          .oplocks = state_->oplock_total,
          .leases = state_->leases.size(),
          .breaks = state_->break_deadlines.size()};
}

bool Engine::has_lease(const LeaseId& lease) const { return state_->leases.contains(lease); }

std::vector<LeaseId> Engine::take_ended_leases() { return std::exchange(state_->ended_leases, {}); }

}  // namespace dozo::share
