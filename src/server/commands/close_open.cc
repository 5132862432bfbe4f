#include "server/commands/close_open.h"

#include "base/log.h"
#include "server/caches.h"
#include "server/commands/notify_queue.h"
#include "server/create/create.h"
#include "server/durable/persist.h"
#include "server/durable/preserve.h"
#include "server/pinned_times.h"
#include "server/server.h"
#include "server/settling.h"

namespace dozo::server {
namespace {

// A directory that is not empty is not deleted by delete-on-close. [MS-FSA] 2.1.5.5 phase 1.
class AnyEntry final : public vfs::NameFilter {
 public:
  bool matches(std::string_view name) const override { return name != "." && name != ".."; }
};
runtime::Task<bool> has_entries(Open& open) {
  if (!open.is_directory || !open.options.has(CreateOption::delete_on_close)) co_return false;
  auto reader = co_await open.file->read_directory(open.tree->caller);
  if (!reader) co_return true;
  const AnyEntry any;
  auto entries = co_await (*reader)->next(any, 1);
  co_return !entries || !entries->empty();
}

runtime::Task<void> restore_pinned_times(Open& open) {
  if (!open.modified) co_return;
  auto set = co_await keep_pinned_times(open);
  if (!set) log::debug("times_not_kept", "{}: {}", open.path_text(), to_string(set.error()));
}

// A rename through another handle of the link is told to all others, to each on its own loop, after it is done: what is
// removed here is removed by the name it has.
runtime::Task<void> settle_name(const Server& server, const Open& open) {
  Settling settling;
  while (true) {
    const std::optional<share::OpenInfo> info = server.engine().find_open(open.share_id);
    const bool may_remove = info && (info->delete_on_close || info->delete_pending);
    if (!may_remove || info->path == engine_path(open.path)) co_return;
    const bool again = co_await settling.wait();
    if (!again) co_return;
  }
}

DeletedName name_of(const Open& open, const share::Purge& effect) {
  return {.tree = open.tree,
          .location = open.location,
          .node_ref = open.node_ref,
          .path = open.path,
          .stream = effect.key.is_main_stream() ? std::string() : open.stream,
          .parent_lease = open.parent_lease};
}

}  // namespace

runtime::Task<void> break_for_deletion(Request& request, OpenRef open) {
  const bool entries = co_await has_entries(*open);
  if (entries) co_return;
  // It is closed however this ends.
  auto broken = co_await break_caches(request, *open, share::CacheUse::set_delete);
  static_cast<void>(broken);
}

// [MS-FSA] 2.1.5.5.
runtime::Task<void> remove_deleted(Server& server, DeletedName name) {
  vfs::Volume& volume = *name.tree->share->volume;
  Result<> removed;
  if (name.stream.empty()) {
    removed = co_await volume.remove(name.tree->caller, name.location, name.node_ref->id());
  } else {
    vfs::Resolved file{.parent = name.location.parent,
                       .name = name.location.name,
                       .path = name.path,
                       .node = name.node_ref,
                       .info = {}};
    removed = co_await volume.remove_stream(name.tree->caller, file, name.stream);
  }
  if (removed) {
    entry_changed(server, name.tree->share->volume_id, name.location.parent, name.parent_lease);
  } else if (removed.error() != NtStatus::OBJECT_NAME_NOT_FOUND) {
    log::warning("delete_failed", "share {}: {} was deleted by its client but cannot be removed: {}",
                 name.tree->share->config.name, name.location.name, to_string(removed.error()));
  }
}

namespace {

// Nobody can come back to it, nor repeat its CREATE.
runtime::Task<void> forget_durable(Server& server, const Open& open) {
  if (!open.durable) co_return;
  server.durables().remove(open.id);
  co_await unpersist(server, open);
}

}  // namespace

runtime::Task<void> forget_open(Server& server, OpenRef open, std::optional<share::Purge> effect) {
  static_cast<void>(server.durables().unpark(open->share_id));
  if (open->closed) co_return;
  open->closed = true;
  server.stats.opens_now.fetch_sub(1, std::memory_order_relaxed);
  close_notify(*open);
  server.sharing().forget(open->share_id);
  if (effect) co_await remove_deleted(server, name_of(*open, *effect));
  co_await forget_durable(server, *open);
}

runtime::Task<void> close_open(Server& server, OpenRef open) {
  if (open->closed) co_return;
  open->closed = true;
  server.stats.opens_now.fetch_sub(1, std::memory_order_relaxed);
  if (open->is_pipe()) {
    if (open->pipe->reader != nullptr) open->pipe->reader->set(NtStatus::PIPE_DISCONNECTED);
    co_return;
  }
  close_notify(*open);
  co_await restore_pinned_times(*open);
  const bool entries = co_await has_entries(*open);
  if (open->is_directory && open->options.has(CreateOption::delete_on_close) && !entries) {
    end_notifies(server, open->key.file());
  }
  co_await settle_name(server, *open);
  const share::Effects effects = server.apply(share::CloseOpen{.open = open->share_id, .keep_name = entries});
  server.sharing().forget(open->share_id);
  // What was written shows in the directory's listing from now on, as clients see it of Windows (smbtorture's
  // lease.v2_request).
  if (open->modified) entry_changed(server, *open);
  for (const share::Effect& effect : effects) {
    const auto* p = std::get_if<share::Purge>(&effect);
    if (p != nullptr && p->open == open->share_id) co_await remove_deleted(server, name_of(*open, *p));
  }
  // Others of the file may be persistent.
  if (open->options.has(CreateOption::delete_on_close)) co_await persist_states(server, open->key.file());
  co_await forget_durable(server, *open);
}

runtime::Task<void> close_open_of(Server& server, std::shared_ptr<Session> session, OpenRef open) {
  OpenTable& opens = session->valid().opens;
  opens.begin_close(open->id);
  co_await close_open(server, open);
  opens.end_close(open);
}

runtime::Task<void> close_tree(Server& server, std::shared_ptr<Session> session, std::shared_ptr<Tree> tree) {
  if (tree->disconnected) co_return;
  tree->disconnected = true;
  session->valid().trees.erase(tree->id);
  server.stats.trees_now.fetch_sub(1, std::memory_order_relaxed);
  for (const OpenRef& open : session->valid().opens.all()) {
    if (open->tree != tree) continue;
    co_await close_open_of(server, session, open);
  }
}

runtime::Task<void> close_session(Server& server, std::shared_ptr<Session> session) {
  // [MS-SMB2] 3.3.7.1, 3.3.5.6: what its client may come back to stays; TREE_DISCONNECT closes that too (3.3.5.8).
  OpenTable& opens = session->valid().opens;
  for (const OpenRef& open : opens.all()) {
    if (preserve_open(server, *open)) opens.remove(open->id);
  }
  const auto trees = session->valid().trees;
  for (const auto& [id, tree] : trees) co_await close_tree(server, session, tree);
}

}  // namespace dozo::server
