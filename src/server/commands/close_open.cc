#include "server/commands/close_open.h"

#include "base/log.h"
#include "server/commands/notify_queue.h"
#include "server/server.h"

namespace dozo::server {
namespace {

// The last open of a deleted name is gone: so is the name. [MS-FSA] 2.1.5.5.
runtime::Task<void> purge(Open& open, const share::Purge& effect) {
  vfs::Volume& volume = *open.tree->share->volume;
  Result<> removed;
  if (effect.key.stream.empty()) {
    removed = co_await volume.remove(open.tree->caller, open.location, open.node);
  } else {
    vfs::Resolved file{.parent = open.location.parent,
                       .name = open.location.name,
                       .path = open.path,
                       .node = open.node_ref,
                       .info = {}};
    removed = co_await volume.remove_stream(open.tree->caller, file, open.stream);
  }
  if (!removed && removed.error() != NtStatus::OBJECT_NAME_NOT_FOUND) {
    log::warning("delete_failed", "share {}: {} was deleted by its client but cannot be removed: {}",
                 open.tree->share->config.name, open.path_text(), to_string(removed.error()));
  }
}

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

// [MS-FSA] 2.1.4.17: times set through this handle outlast what was written through it.
runtime::Task<void> restore_pinned_times(Open& open) {
  if (!open.modified || (!open.pinned_write_time && !open.pinned_access_time)) co_return;
  vfs::TimesUpdate times;
  times.last_write = open.pinned_write_time;
  times.last_access = open.pinned_access_time;
  auto set = co_await open.file->set_times(times);
  if (!set) log::debug("times_not_kept", "{}: {}", open.path_text(), to_string(set.error()));
}

}  // namespace

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
  const share::Effects effects =
      server.apply(share::CloseOpen{.open = open->share_id, .keep_name = entries});
  for (const share::Effect& effect : effects) {
    if (const auto* p = std::get_if<share::Purge>(&effect)) co_await purge(*open, *p);
  }
}

runtime::Task<void> close_tree(Server& server, std::shared_ptr<Session> session, std::shared_ptr<Tree> tree) {
  if (tree->disconnected) co_return;
  tree->disconnected = true;
  session->valid().trees.erase(tree->id);
  server.stats.trees_now.fetch_sub(1, std::memory_order_relaxed);
  for (const OpenRef& open : session->valid().opens.all()) {
    if (open->tree != tree) continue;
    session->valid().opens.remove(open->id);
    co_await close_open(server, open);
  }
}

runtime::Task<void> close_session(Server& server, std::shared_ptr<Session> session) {
  const auto trees = session->valid().trees;
  for (const auto& [id, tree] : trees) co_await close_tree(server, session, tree);
}

}  // namespace dozo::server
