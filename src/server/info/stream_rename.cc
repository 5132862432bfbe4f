#include "server/info/stream_rename.h"

#include <algorithm>

#include "base/unicode.h"
#include "server/break_notices.h"
#include "server/checks.h"
#include "server/connection.h"
#include "server/create/create.h"
#include "server/durable/persist.h"
#include "server/server.h"
#include "server/settling.h"

namespace dozo::server {
namespace {

using runtime::Task;

// The name between the colons; empty: the main stream.
Result<std::string> parse_target(std::u16string_view name) {
  const std::size_t colon = name.find(u':', 1);
  if (name.ends_with(u':')) return fail(NtStatus::INVALID_PARAMETER);
  if (colon != std::u16string_view::npos && !equal_ignoring_case(name.substr(colon + 1), u"$DATA")) {
    const bool more = name.find(u':', colon + 1) != std::u16string_view::npos;
    return fail(more ? NtStatus::INVALID_PARAMETER : NtStatus::OBJECT_TYPE_MISMATCH);
  }
  // Of some file: what counts is behind the colon.
  const auto parsed = parse_name(u"f" + std::u16string(name));
  if (!parsed) return fail(NtStatus::INVALID_PARAMETER);
  return parsed->stream;
}

// A stream that others have open would lose its name beneath them.
Result<share::OpenInfo> check_alone(const share::ShardedEngine& engine, const Open& open,
                                    const share::FileKey& target) {
  std::optional<share::OpenInfo> own;
  for (share::OpenInfo& other : engine.list_opens(SIZE_MAX)) {
    if (other.open == open.share_id) {
      own = std::move(other);
    } else if (other.key == open.key) {
      return fail(NtStatus::SHARING_VIOLATION);
    } else if (other.key == target) {
      return fail(NtStatus::INVALID_PARAMETER);
    }
  }
  if (!own) return fail(NtStatus::FILE_CLOSED);
  if (own->delete_pending) return fail(NtStatus::ACCESS_DENIED);
  if (own->lock_count != 0) return fail(NtStatus::SHARING_VIOLATION);
  return std::move(*own);
}

// The open under its new key; it is given back unless it is published.
Result<ShareGrant> enter_target(InfoSet& set, const share::OpenInfo& own, const share::FileKey& target) {
  Server& server = set.request.server;
  share::OpenRequest request;
  request.open = server.engine().new_open_id(target);
  request.owner = own.owner;
  request.key = target;
  request.path = own.path;
  request.granted_access = own.granted_access;
  request.share_access = own.share_access;
  request.delete_on_close = own.delete_on_close;
  request.client_guid = set.request.connection.negotiated->client_guid;
  DOZO_CHECK(server.apply(request).result());
  return ShareGrant(server, request.open);
}

// Under its new name the open caches nothing: its client is told.
void end_caching(Server& server, const share::OpenInfo& own) {
  const share::Grant& held = own.caching;
  if (held.oplock == OplockLevel::none) return;
  if (!own.lease) return send_oplock_break(server, {own.open, own.owner, OplockLevel::none}, NoticeOrder::at_once);
  const auto epoch = static_cast<std::uint16_t>(held.lease_v2 ? held.epoch + 1 : 0);
  send_lease_break(server, {.lease = *own.lease, .from = held.lease, .to = {}, .epoch = epoch}, NoticeOrder::at_once);
}

vfs::OpenFor use_of(const Open& open) {
  vfs::OpenFor use;
  use.read_data = open.granted.has_any(Access::read_data | Access::execute);
  use.write_data = open.granted.has_any(Access::write_data | Access::append_data);
  use.write_through = open.options.has(CreateOption::write_through);
  return use;
}

// The file whose stream has got the new name.
Task<Result<vfs::Resolved>> try_to_move(Open& open, const std::string& to, bool replace) {
  const Tree& tree = *open.tree;
  vfs::Volume& volume = *tree.share->volume;
  const vfs::Path path = open.path;
  auto file = co_await volume.resolve(tree.caller, path, {});
  if (!file) co_return fail(file.error());
  if (!file->exists() || file->info.id != open.node) co_return fail(NtStatus::OBJECT_NAME_NOT_FOUND);
  auto renamed = co_await volume.rename_stream(tree.caller, *file, open.stream, to, replace);
  if (!renamed) co_return fail(renamed.error());
  co_return file;
}

Task<Result<vfs::FileRef>> move_on_volume(Open& open, const std::string& to, bool replace) {
  const Tree& tree = *open.tree;
  vfs::Volume& volume = *tree.share->volume;
  Settling settling;
  auto file = co_await try_to_move(open, to, replace);
  while (!file && file.error() == NtStatus::RETRY && settling.may_try_again()) {
    file = co_await try_to_move(open, to, replace);
  }
  if (!file) co_return fail(file.error());
  if (to.empty()) co_return co_await volume.open(tree.caller, *file, use_of(open));
  co_return co_await volume.open_stream(tree.caller, *file, to, vfs::StreamMode::open_existing, use_of(open));
}

// Who comes back to it comes back to what it is now.
Task<void> follow_durable(InfoSet& set) {
  Open& open = set.open;
  if (!open.durable) co_return;
  open.durable->lease.reset();
  enter_durable_table(set.request.server, *set.request.session, open);
  const bool stored = co_await persist_open(set.request.server, open);
  static_cast<void>(stored);
}

}  // namespace

Task<Result<>> rename_stream(InfoSet& set, std::u16string name, bool replace) {
  Open& open = set.open;
  DOZO_CO_CHECK(check_not_anonymous(set.request));
  DOZO_CO_CHECK(check_writable(*open.tree));
  DOZO_CO_TRY(const std::string to, parse_target(name));
  // A directory has no unnamed data stream, to be renamed or to take another's place.
  const bool main_of_directory = open.node_ref && open.is_directory;
  if (main_of_directory && (to.empty() || open.stream.empty())) co_return fail(NtStatus::INVALID_PARAMETER);
  if (open.stream.empty() && to.empty()) co_return Result<>();
  // The main stream may hold more than a named one can.
  if (open.stream.empty()) co_return fail(NtStatus::NOT_SUPPORTED);
  if (fold_name(to) == fold_name(open.stream)) co_return Result<>();

  const share::FileKey target = key_of(*open.tree, open.node, to);
  DOZO_CO_TRY(const share::OpenInfo own, check_alone(set.request.server.engine(), open, target));
  DOZO_CO_TRY(ShareGrant grant, enter_target(set, own, target));
  auto file = co_await move_on_volume(open, to, replace);
  if (!file) co_return fail(settled(file.error()));

  const share::OpenId before = std::exchange(open.share_id, grant.id());
  end_caching(set.request.server, own);
  set.request.server.sharing().move(before, open.share_id);
  grant.publish();
  static_cast<void>(set.request.server.apply(share::CloseOpen{.open = before, .keep_name = true}));
  open.file = std::move(*file);
  open.stream = to;
  open.lease.reset();
  open.key = target;
  open.modified = true;
  co_await follow_durable(set);
  co_return Result<>();
}

}  // namespace dozo::server
