// Opens: share modes, delete-on-close, rename, and their end. [MS-FSA] 2.1.5.1.2, 2.1.5.5, 2.1.5.15.3, 2.1.5.15.12.
#include <algorithm>
#include <vector>

#include "share/engine_state.h"

namespace dozo::share {

namespace {

ShareRights rights_of(const OpenRequest& request, Canary canary) {
  AccessMask access = request.granted_access;
  if (canary == Canary::append_is_not_write) access = access.without(Access::append_data);
  return ShareRights::of(access, request.share_access);
}

Actor actor_of(const OpenRequest& request) { return {request.open, lease_of(request), request.granted_access}; }

Act opening(const OpenRequest& request) { return request.overwrites ? Act::open_overwriting : Act::open; }

bool is_conflict(const Result<>& allowed) { return !allowed && allowed.error() == NtStatus::SHARING_VIOLATION; }

void count_user(StreamState& stream, AccessMask access, int by) {
  for (const CacheKind kind : {CacheKind::lease, CacheKind::oplock}) {
    if (!is_stat_open(access, kind)) stream.users[static_cast<std::size_t>(kind)] += static_cast<std::uint32_t>(by);
  }
}

template <class Container, class T>
void erase_pointer(Container& container, const T* element) {
  container.erase(std::ranges::find(container, element, [](const auto& p) { return p.get(); }));
}

template <class T, class Container, class Member, class Value>
T& find_or_add(Container& container, Member member, const Value& value) {
  if (T* found = find_by(container, member, value)) return *found;
  container.push_back(std::make_unique<T>());
  (*container.back()).*member = value;
  return *container.back();
}

}  // namespace

Result<> Engine::State::check_open(const OpenRequest& request, const ShareRights& rights) const {
  const FileState* file = find_file(request.key.file());
  if (file == nullptr) return {};
  DOZO_CHECK(check_held_off(*file));
  const LinkState* link = find_by(file->links, &LinkState::path, request.path);
  const StreamState* stream = find_by(file->streams, &StreamState::name, request.key.stream);

  // [MS-FSA] 2.1.5.1 phase 6: what is marked deleted cannot be opened again, before any question of sharing.
  if (link != nullptr && link->deleted) return fail(NtStatus::DELETE_PENDING);
  if (stream != nullptr && stream->deleted) return fail(NtStatus::DELETE_PENDING);

  // [MS-FSA] 2.1.5.1.2.1: deleting the main stream deletes all streams, so their sharing of DELETE counts for it.
  if (rights.denies[kDeleteRule] && file->main_stream_deleters != 0) return fail(NtStatus::SHARING_VIOLATION);
  if (rights.uses[kDeleteRule] && request.key.is_main_stream() && file->delete_deniers != 0) {
    return fail(NtStatus::SHARING_VIOLATION);
  }
  // [MS-FSA] 2.1.5.1.2.2: and the opens of the stream itself, in both directions.
  if (stream != nullptr && stream->tally.conflicts(rights)) return fail(NtStatus::SHARING_VIOLATION);
  return {};
}

// check_open, after what is preserved and in the way has ended. That may delete the name, and then there is nothing to
// open any more.
Result<> Engine::State::end_preserved(const OpenRequest& request, const ShareRights& rights, Effects& out) {
  Result<> allowed = check_open(request, rights);
  for (const Act act : {Act::open_conflicting, opening(request)}) {
    if (act == Act::open_conflicting ? !is_conflict(allowed) : !allowed) continue;
    end_disconnected(rule_of(act), request.key, actor_of(request), out);
    allowed = check_open(request, rights);
    const auto is_purge = [](const Effect& effect) { return std::holds_alternative<Purge>(effect); };
    if (std::any_of(out.begin(), out.end(), is_purge)) return fail(NtStatus::DELETE_PENDING);
  }
  return allowed;
}

void Engine::State::on(const OpenRequest& event, Effects& out) {
  DOZO_ASSERT(find_open(event.open) == nullptr);
  if (const Result<> usable = check_lease_key(event); !usable) return out.push(Refuse{usable.error()});
  const ShareRights rights = rights_of(event, options.canary);
  Effects breaks;
  Result<> allowed = end_preserved(event, rights, breaks);
  Awaited awaited;
  if (is_conflict(allowed)) {
    // [MS-FSA] 2.1.5.1.2: who caches the handle may be about to close it.
    awaited = break_caches(rule_of(Act::open_conflicting), event.key, actor_of(event), breaks);
  } else if (allowed) {
    awaited = break_caches(rule_of(opening(event)), event.key, actor_of(event), breaks);
  }
  if (!awaited.empty() && !event.complete_if_oplocked) {
    park(awaited, event.open, event.ticket, event.owner);
    out.push(Park{event.ticket});
  } else if (allowed) {
    out.push(grant_cache(enter(event, rights)));
  } else {
    out.push(Refuse{allowed.error()});
  }
  for (const Effect& effect : breaks) out.push(effect);
}

OpenState& Engine::State::enter(const OpenRequest& request, const ShareRights& rights) {
  auto& file = files[request.key.file()];
  if (!file) {
    file = std::make_unique<FileState>();
    file->identity = request.key.file();
  }
  auto open = std::make_unique<OpenState>();
  open->request = request;
  open->rights = rights;
  open->file = file.get();
  open->stream = &find_or_add<StreamState>(file->streams, &StreamState::name, request.key.stream);
  open->link = &find_or_add<LinkState>(file->links, &LinkState::path, request.path);

  ++file->opens;
  ++open->stream->opens;
  ++open->link->opens;
  count_user(*open->stream, request.granted_access, 1);
  open->stream->tally.add(rights);
  if (rights.uses[kDeleteRule] && request.key.is_main_stream()) ++file->main_stream_deleters;
  if (rights.denies[kDeleteRule]) ++file->delete_deniers;
  paths.add(request.key.volume, request.path);
  owners.emplace(request.owner, request.open);
  return *opens.emplace(request.open, std::move(open)).first->second;
}

void Engine::State::on(const CloseOpen& event, Effects& out) {
  if (find_open(event.open) == nullptr) return out.push(Refuse{NtStatus::FILE_CLOSED});
  out.push(Grant{});
  close(event.open, event.keep_name, out);
}

void Engine::State::close(OpenId id, bool keep_name, Effects& out) {
  OpenState& open = *find_open(id);
  end_cache_waits(id, NtStatus::FILE_CLOSED, out);
  end_waits_of(open, NtStatus::RANGE_NOT_LOCKED, out);
  release_locks(open, out);

  // [MS-FSA] 2.1.5.5 phase 1: delete-on-close marks at this close; the name goes with the last one.
  if (open.request.delete_on_close && !keep_name) {
    (open.request.key.is_main_stream() ? open.link->deleted : open.stream->deleted) = true;
    // From here on it is a deletion pending, as a disposition is (smbtorture smb2.lease.initial_delete_disconnect).
    // Nobody waits: a connection that is gone could not. What is preserved loses H unheard.
    break_connected(rule_of(Act::set_delete), *open.stream, actor_of(open.request), out);
  }
  leave_share_modes(open);
  Effects woken;
  leave_cache(open, woken);
  drop_references(open, out);
  for (const Effect& effect : woken) out.push(effect);
}

void Engine::State::leave_share_modes(OpenState& open) {
  count_user(*open.stream, open.request.granted_access, -1);
  open.stream->tally.remove(open.rights);
  if (open.rights.uses[kDeleteRule] && open.request.key.is_main_stream()) --open.file->main_stream_deleters;
  if (open.rights.denies[kDeleteRule]) --open.file->delete_deniers;
  paths.remove(open.request.key.volume, open.link->path);
  owners.erase({open.request.owner, open.request.open});
  if (open.expires) expiries.erase({*open.expires, open.request.open});
  if (open.disconnected && open.persistent) --open.file->held_off;
}

void Engine::State::drop_references(OpenState& open, Effects& out) {
  FileState& file = *open.file;
  const FileKey& key = open.request.key;
  // [MS-FSA] 2.1.5.5 phase 2: the last open of a deleted stream.
  if (--open.stream->opens == 0) {
    if (open.stream->deleted) out.push(Purge{open.request.open, key});
    erase_pointer(file.streams, open.stream);
  }
  // [MS-FSA] 2.1.5.5 phase 3: the last open, of whatever stream, through a deleted link.
  if (--open.link->opens == 0) {
    if (open.link->deleted) out.push(Purge{open.request.open, {key.volume, key.device, key.inode, {}}});
    erase_pointer(file.links, open.link);
  }
  if (--file.opens == 0) files.erase(file.identity);
  opens.erase(open.request.open);
}

void Engine::State::on(const SetDeletePending& event, Effects& out) {
  OpenState* open = find_open(event.open);
  if (open == nullptr) return out.push(Refuse{NtStatus::FILE_CLOSED});
  // [MS-FSA] 2.1.5.15.3: for setting and for clearing alike.
  if (!open->request.granted_access.has(Access::delete_object)) return out.push(Refuse{NtStatus::ACCESS_DENIED});
  (open->request.key.is_main_stream() ? open->link->deleted : open->stream->deleted) = event.on;
  out.push(Grant{});
}

void Engine::State::on(const RenameLink& event, Effects& out) {
  OpenState* open = find_open(event.open);
  if (open == nullptr) return out.push(Refuse{NtStatus::FILE_CLOSED});
  if (const Result<> allowed = can_rename(*open); !allowed) return out.push(Refuse{allowed.error()});
  LinkState& from = *open->link;
  if (event.old_path && *event.old_path != from.path) return out.push(Refuse{NtStatus::RETRY});
  LinkState* target = find_by(open->file->links, &LinkState::path, event.new_path);
  const bool merges = target != nullptr && target != &from;
  if (merges && target->deleted) return out.push(Refuse{NtStatus::DELETE_PENDING});

  paths.remove(open->request.key.volume, from.path, from.opens);
  paths.add(open->request.key.volume, event.new_path, from.opens);
  if (merges)
    merge_links(*open->file, from, *target);
  else
    from.path = event.new_path;
  out.push(Grant{});
}

// [MS-FSA] 2.1.5.15.12 (TargetExistsSameFile): one name of a file renamed to another of its names leaves one link.
// Rare enough to visit every open.
void Engine::State::merge_links(FileState& file, LinkState& from, LinkState& into) {
  for (auto& [id, open] : opens) {
    if (open->link == &from) open->link = &into;
  }
  into.opens += from.opens;
  erase_pointer(file.links, &from);
}

void Engine::State::on(const DisconnectOwner& event, Effects& out) {
  out.push(Grant{});
  std::vector<OpenId> gone;
  for (auto it = owners.lower_bound({event.owner, OpenId{}}); it != owners.end() && it->first == event.owner; ++it) {
    gone.push_back(it->second);
  }
  std::vector<TicketId> waiting;
  for (const auto& [ticket, wait] : cache_waits) {
    if (wait.owner == event.owner) waiting.push_back(ticket);
  }
  for (const TicketId ticket : waiting) stop_waiting(ticket, NtStatus::CANCELLED, out);
  for (const OpenId id : gone) end_waits_of(*find_open(id), NtStatus::RANGE_NOT_LOCKED, out);
  for (const OpenId id : gone) forget(id, out);
}

void Engine::State::forget(OpenId id, Effects& out) {
  out.push(Forget{id});
  close(id, false, out);
}

}  // namespace dozo::share
