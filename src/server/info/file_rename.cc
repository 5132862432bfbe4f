// FileRenameInformation and FileLinkInformation. [MS-FSA] 2.1.5.15.7, 2.1.5.15.12.
#include <algorithm>

#include "base/unicode.h"
#include "server/caches.h"
#include "server/checks.h"
#include "server/connection.h"
#include "server/create/create.h"
#include "server/durable/persist.h"
#include "server/info/functions.h"
#include "server/info/stream_rename.h"
#include "server/server.h"
#include "server/settling.h"
#include "server/stored_security.h"
#include "wire/fscc/file_set.h"

namespace dozo::server {
namespace {

using runtime::Task;
using wire::RenameFlag;

// The new name, and what may stand in its way.
struct Target {
  vfs::Path path;
  bool replace = false;
  bool ignore_read_only = false;  // of what is replaced
};

Result<Target> parse_target(const Open& open, std::uint64_t root_directory, const std::u16string& name, bool replace) {
  // [MS-SMB2] 3.3.5.21.1: a name relative to another handle is none that a client may send.
  if (root_directory != 0 || name.empty()) return fail(NtStatus::INVALID_PARAMETER);
  DOZO_TRY(ParsedName parsed, parse_name(name));
  // A stream takes a name that begins with ':'. For a path in front of it Windows opens the file as a directory.
  if (parsed.has_stream_syntax && !open.stream.empty()) return fail(NtStatus::SHARING_VIOLATION);
  if (parsed.has_stream_syntax) return fail(NtStatus::OBJECT_NAME_INVALID);
  if (parsed.path.empty() || parsed.ends_with_separator) return fail(NtStatus::OBJECT_NAME_INVALID);
  return Target{std::move(parsed.path), replace};
}

// [MS-FSA] 2.1.5.15.12: a name that begins with ':' is another one for the stream.
bool names_stream(const auto& wanted) { return wanted.root_directory == 0 && wanted.file_name.starts_with(u':'); }

share::FileIdentity identity_of(const Open& open, vfs::NodeId node) {
  return {open.key.volume, node.device, node.inode};
}

Task<Result<vfs::Resolved>> resolve_target(InfoSet& set, const Target& target) {
  const Tree& tree = *set.open.tree;
  co_return co_await tree.share->volume->resolve(tree.caller, target.path, {.follow_final_symlink = false});
}

// What must hold for the object that has the name already. [MS-FSA] 2.1.5.15.12.
Result<> check_replaceable(const Target& target, const vfs::Resolved& existing) {
  if (!target.replace) return fail(NtStatus::OBJECT_NAME_COLLISION);
  if (existing.info.type == vfs::NodeType::directory) return fail(NtStatus::ACCESS_DENIED);
  const bool read_only = existing.info.attributes.has(FileAttribute::read_only);
  return read_only && !target.ignore_read_only ? Result<>(fail(NtStatus::ACCESS_DENIED)) : Result<>();
}

// What the new name means, when it can be had: another object there may be replaced, and nobody holds it open.
Task<Result<vfs::Resolved>> find_room(InfoSet& set, const Target& target) {
  while (true) {
    auto resolved = co_await resolve_target(set, target);
    if (!resolved || !resolved->exists() || resolved->info.id == set.open.node) co_return resolved;
    DOZO_CO_CHECK(check_replaceable(target, *resolved));
    const share::FileIdentity file = identity_of(set.open, resolved->info.id);
    auto waited = co_await break_handles(set.request, {file}, set.open.lease);
    if (!waited) co_return fail(waited.error());
    if (*waited) continue;
    DOZO_CO_CHECK(set.request.server.engine().can_replace(file, engine_path(resolved->path)));
    co_return resolved;
  }
}

// The files that are open beneath a directory.
std::vector<share::FileIdentity> files_beneath(const share::ShardedEngine& engine, const Open& directory) {
  const std::u16string prefix = engine_path(directory.path) + u'\\';
  std::vector<share::FileIdentity> out;
  if (!engine.has_opens_beneath(directory.key.volume, engine_path(directory.path))) return out;
  for (const share::OpenInfo& info : engine.list_opens(SIZE_MAX)) {
    if (info.key.volume == directory.key.volume && info.path.starts_with(prefix)) out.push_back(info.key.file());
  }
  std::ranges::sort(out);
  out.erase(std::unique(out.begin(), out.end()), out.end());
  return out;
}

// Whoever caches handles of what is renamed, or of what lies beneath it, gives them up. [MS-FSA] 2.1.5.15.12,
// [MS-SMB2] 3.3.1.4.
Task<Result<>> break_for_rename(InfoSet& set) {
  auto broken = co_await break_caches(set.request, set.open, share::CacheUse::rename);
  if (!broken) co_return fail(broken.error());
  if (!set.open.is_directory) co_return Result<>();
  auto beneath = co_await break_handles(set.request, files_beneath(set.request.server.engine(), set.open), {});
  if (!beneath) co_return fail(beneath.error());
  co_return Result<>();
}

// --- Other opens of the renamed link follow, wherever they live.

struct Moved {
  share::FileIdentity file;
  vfs::Path from;
  vfs::Path to;
  vfs::Location location;
};

bool follow(Open& open, const Moved& moved) {
  if (open.is_pipe() || open.key.file() != moved.file || engine_path(open.path) != engine_path(moved.from))
    return false;
  open.path = moved.to;
  open.location = moved.location;
  return true;
}

// As other sessions know the open.
struct KnownPath {
  FileId id;
  std::u16string path;
};
KnownPath known_path(const Open& open) { return {open.id, durable_path(open.path, open.stream)}; }
void tell(DurableTable& table, KnownPath known) { table.renamed(known.id, std::move(known.path)); }

void follow_and_tell(DurableTable& table, Open& open, const Moved& moved) {
  if (follow(open, moved) && open.durable) tell(table, known_path(open));
}

void follow_parked(DurableTable& table, const Moved& moved) {
  std::vector<KnownPath> followed;
  table.change_parked([&](Open& open) {
    if (follow(open, moved)) followed.push_back(known_path(open));
  });
  for (KnownPath& each : followed) tell(table, std::move(each));
}

// Nobody to tell is what nearly every rename finds. An open is in the engine before its connection knows of it.
// The renamed handle itself may have been closed meanwhile.
void tell_others(Server& server, share::OpenId renamed, const Moved& moved) {
  const std::size_t own = server.engine().is_open(renamed) ? 1 : 0;
  if (server.engine().open_count(moved.file) <= own) return;
  follow_parked(server.durables(), moved);
  for (const std::shared_ptr<Session>& session : server.sessions().all()) {
    session->home().post([&server, session, moved] {
      for (const OpenRef& open : session->valid().opens.all()) follow_and_tell(server.durables(), *open, moved);
      for (const OpenRef& open : session->valid().opens.closing()) follow(*open, moved);
      // The session may have ended meanwhile, and left some for its client.
      follow_parked(server.durables(), moved);
    });
  }
}

// --- The rename itself.

Task<Result<vfs::Location>> rename_on_volume(InfoSet& set, const vfs::Resolved& to, bool replace) {
  Server& server = set.request.server;
  const Open& open = set.open;
  const Tree& tree = *open.tree;
  const std::u16string old_path = engine_path(open.path);
  // Before the file system is asked: check and change are one step to whoever opens meanwhile, and to whoever else
  // renames it.
  const share::Effects moved = server.apply(share::RenameLink{open.share_id, engine_path(to.path), old_path});
  DOZO_CO_CHECK(moved.result());
  const vfs::Location from = open.location;
  auto location = co_await tree.share->volume->rename(tree.caller, from, open.node, to, replace);
  if (!location) static_cast<void>(server.apply(share::RenameLink{open.share_id, old_path}));
  co_return location;
}

// [MS-FSA] 2.1.5.15.12, 2.1.5.15.7: the directory that the name goes into is opened to add to it. Where a file goes
// there, nobody may be about to delete that directory (notes 183, 185: Windows up to Server 2022); a directory that
// moves has the rule of the text.
Result<ShareGrant> enter_directory(InfoSet& set, const vfs::Resolved& to) {
  if (!to.parent) return fail(NtStatus::ACCESS_DENIED);
  Server& server = set.request.server;
  share::OpenRequest open;
  open.key = key_of(*set.open.tree, to.parent->id(), {});
  open.open = server.engine().new_open_id(open.key);
  open.owner = share::OwnerId(set.request.session->id.value());
  open.path = engine_path(vfs::Path(to.path.begin(), to.path.end() - 1));
  open.granted_access = set.open.is_directory ? Access::append_data : Access::write_data;
  open.share_access = ShareFlag::read | ShareFlag::write;
  if (set.open.is_directory) open.share_access |= ShareFlag::delete_access;
  open.is_directory = true;
  open.client_guid = set.request.connection.negotiated->client_guid;
  DOZO_CHECK(server.apply(open).result());
  return ShareGrant(server, open.open);
}

// [MS-FSA] 2.1.5.15.12, 2.1.5.15.7: what the descriptors stored with the directory and with what is replaced say.
Task<Result<>> check_entry_access(InfoSet& set, const vfs::Resolved& to) {
  if (!to.parent) co_return fail(NtStatus::ACCESS_DENIED);
  const identity::AccessToken& token = *set.open.tree->token;
  auto parent = co_await check_may_add(*set.open.tree, to.parent, set.open.is_directory);
  if (!parent) co_return fail(parent.error());
  const bool replaces = to.exists() && to.info.id != set.open.node;
  if (!replaces || !*parent || allowed_access(**parent, token).has(Access::delete_child)) co_return Result<>();
  const bool may_delete =
      to.info.security && allowed_access(descriptor_of(to.info, token), token).has(Access::delete_object);
  co_return may_delete ? Result<>() : Result<>(fail(NtStatus::ACCESS_DENIED));
}

// The name as the client spells it becomes the name of what `resolved` found, whatever case that has.
void spell_as_asked(vfs::Resolved& resolved, const Target& target) {
  resolved.name = target.path.back();
  resolved.path.back() = target.path.back();
}

Task<Result<>> try_rename(InfoSet& set, const Target& target) {
  Open& open = set.open;
  // [MS-FSA] 2.1.5.15.12: the directory it goes into is opened anew.
  DOZO_CO_CHECK(check_not_anonymous(set.request));
  DOZO_CO_CHECK(check_writable(*open.tree));
  if (open.path.empty()) co_return fail(NtStatus::ACCESS_DENIED);  // the share's root
  if (!open.stream.empty()) co_return fail(NtStatus::NOT_SUPPORTED);
  auto broken = co_await break_for_rename(set);
  if (!broken) co_return fail(broken.error());
  DOZO_CO_CHECK(set.request.server.engine().can_rename(open.share_id));

  auto resolved = co_await find_room(set, target);
  if (!resolved) co_return fail(resolved.error());
  const bool same_file = resolved->exists() && resolved->info.id == open.node;
  const bool same_link = same_file && engine_path(resolved->path) == engine_path(open.path);
  if (same_link && target.path.back() == open.path.back()) co_return Result<>();
  auto may_enter = co_await check_entry_access(set, *resolved);
  if (!may_enter) co_return fail(may_enter.error());
  spell_as_asked(*resolved, target);

  DOZO_CO_TRY(const ShareGrant directory, enter_directory(set, *resolved));
  auto location = co_await rename_on_volume(set, *resolved, target.replace || same_file);
  if (!location) co_return fail(location.error());
  Server& server = set.request.server;
  entry_changed(server, open);
  entry_changed(server, open.key.volume, location->parent, open.parent_lease);
  const Moved moved{open.key.file(), open.path, resolved->path, std::move(*location)};
  follow_and_tell(server.durables(), open, moved);
  tell_others(server, open.share_id, moved);
  co_await persist_rename(server, *open.tree, moved.from, moved.to);
  co_return Result<>();
}

// A link to itself in place of another of the file's names: that name is open, if it is the one of this handle.
Result<> check_own_name(InfoSet& set, const Target& target, const vfs::Resolved& existing) {
  DOZO_CHECK(check_replaceable(target, existing));
  return set.request.server.engine().can_replace(identity_of(set.open, existing.info.id), engine_path(existing.path));
}

Task<Result<>> try_link(InfoSet& set, const Target& target) {
  Open& open = set.open;
  DOZO_CO_CHECK(check_not_anonymous(set.request));
  DOZO_CO_CHECK(check_writable(*open.tree));
  if (open.is_directory) co_return fail(NtStatus::FILE_IS_A_DIRECTORY);
  if (!open.stream.empty()) co_return fail(NtStatus::INVALID_PARAMETER);

  auto broken = co_await break_caches(set.request, open, share::CacheUse::rename);
  if (!broken) co_return fail(broken.error());
  auto resolved = co_await find_room(set, target);
  if (!resolved) co_return fail(resolved.error());
  const bool same_file = resolved->exists() && resolved->info.id == open.node;
  if (same_file) DOZO_CO_CHECK(check_own_name(set, target, *resolved));
  auto may_enter = co_await check_entry_access(set, *resolved);
  if (!may_enter) co_return fail(may_enter.error());
  spell_as_asked(*resolved, target);
  DOZO_CO_TRY(const ShareGrant directory, enter_directory(set, *resolved));
  const Tree& tree = *open.tree;
  const vfs::Location from = open.location;
  auto linked = co_await tree.share->volume->link(tree.caller, from, open.node, *resolved, target.replace);
  if (linked) entry_changed(set.request.server, open.key.volume, resolved->parent, open.parent_lease);
  co_return linked;
}

// Where the open has its name, as far as this loop knows.
struct KnownAs {
  explicit KnownAs(const Open& open) : parent(open.location.parent), name(open.location.name) {}
  vfs::NodeRef parent;
  std::string name;
  bool operator==(const KnownAs&) const = default;
};

// A rename through another handle of the link is under way, or done and not yet known of here.
bool is_being_renamed(const Server& server, const Open& open) {
  const std::optional<share::OpenInfo> info = server.engine().find_open(open.share_id);
  return info && info->path != engine_path(open.path);
}

// [MS-FSA] 2.1.5.15.7, 2.1.5.15.12 are one step each. Here a name may change between the look and the deed: then it is
// looked at anew. A source that has lost its name to another program has none: OBJECT_NAME_NOT_FOUND.
Task<Result<>> until_settled(InfoSet& set, const Target& target, Task<Result<>> (*attempt)(InfoSet&, const Target&)) {
  Settling settling;
  while (true) {
    const KnownAs before(set.open);
    auto done = co_await attempt(set, target);
    if (done) co_return done;
    const NtStatus error = done.error();
    const bool moved = before != KnownAs(set.open) || is_being_renamed(set.request.server, set.open);
    if (error != NtStatus::RETRY && !(error == NtStatus::OBJECT_NAME_NOT_FOUND && moved)) co_return done;
    const bool again = co_await settling.wait();
    if (!again) co_return fail(settled(error));
    if (set.open.closed) co_return fail(NtStatus::FILE_CLOSED);
  }
}

Task<Result<>> rename(InfoSet& set, const Target& target) { return until_settled(set, target, try_rename); }
Task<Result<>> link(InfoSet& set, const Target& target) { return until_settled(set, target, try_link); }

}  // namespace

SetTask set_rename(InfoSet& set) {
  DOZO_CO_TRY(const auto wanted, wire::decode_plain<wire::FileRenameInformation>(set.input));
  if (names_stream(wanted)) co_return co_await rename_stream(set, wanted.file_name, wanted.replace_if_exists);
  DOZO_CO_TRY(const Target target,
              parse_target(set.open, wanted.root_directory, wanted.file_name, wanted.replace_if_exists));
  co_return co_await rename(set, target);
}

SetTask set_rename_ex(InfoSet& set) {
  DOZO_CO_TRY(const auto wanted, wire::decode_plain<wire::FileRenameInformationEx>(set.input));
  const wire::RenameFlags flags = wanted.flags;
  // [MS-SMB2] 3.3.5.20.2: FILE_SUPPORTS_POSIX_UNLINK_RENAME is not offered.
  if (flags.has(RenameFlag::posix_semantics)) co_return fail(NtStatus::NOT_SUPPORTED);
  const bool replace = flags.has(RenameFlag::replace_if_exists);
  if (names_stream(wanted)) co_return co_await rename_stream(set, wanted.file_name, replace);
  DOZO_CO_TRY(Target target, parse_target(set.open, wanted.root_directory, wanted.file_name, replace));
  target.ignore_read_only = flags.has(RenameFlag::ignore_read_only_attribute);
  co_return co_await rename(set, target);
}

SetTask set_link(InfoSet& set) {
  DOZO_CO_TRY(const auto wanted, wire::decode_plain<wire::FileLinkInformation>(set.input));
  DOZO_CO_TRY(const Target target,
              parse_target(set.open, wanted.root_directory, wanted.file_name, wanted.replace_if_exists));
  co_return co_await link(set, target);
}

}  // namespace dozo::server
