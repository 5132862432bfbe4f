#include "server/durable/restore.h"

#include <utility>
#include <vector>

#include "base/log.h"
#include "base/unicode.h"
#include "server/commands/logon.h"
#include "server/commands/share_caller.h"
#include "server/create/create.h"
#include "server/durable/preserve.h"
#include "server/durable/store.h"
#include "server/outside_changes.h"
#include "server/server.h"

namespace dozo::server {
namespace {

using runtime::Task;

// The share and the user as they are today; opened as nobody else.
Task<Result<std::shared_ptr<Tree>>> tree_of(Server& server, const PersistentOpen& row) {
  const ShareRef share = server.find_share(row.share);
  if (!share || share->is_ipc() || !share->config.continuously_available) co_return fail(NtStatus::BAD_NETWORK_NAME);
  const std::string account = row.handle.owner_name;
  const auto find = [&server, account] { return find_token(server, account); };
  auto token = co_await runtime::offload(runtime::Loop::current(), find);
  if (!token) co_return fail(token.error());
  // Another user of that name is another user.
  if ((*token)->user != row.handle.owner) co_return fail(NtStatus::NO_SUCH_USER);
  auto user = co_await acting_user(server, *token, share);
  if (!user) co_return fail(user.error());
  co_return std::make_shared<Tree>(TreeId(), share, std::move(*user), kFileAllAccess, server.clock().now());
}

Task<Result<vfs::FileRef>> open_file(const Tree& tree, const PersistentOpen& row, const vfs::Resolved& where) {
  vfs::Volume& volume = *tree.share->volume;
  const vfs::OpenFor use = use_of(row.granted, row.handle.create_options);
  if (row.stream.empty()) co_return co_await volume.open(tree.caller, where, use);
  co_return co_await volume.open_stream(tree.caller, where, row.stream, vfs::StreamMode::open_existing, use);
}

Task<Result<OpenRef>> open_again(Server& server, const PersistentOpen& row) {
  auto tree = co_await tree_of(server, row);
  if (!tree) co_return fail(tree.error());
  auto where = co_await (*tree)->share->volume->resolve((*tree)->caller, row.path, {.follow_final_symlink = false});
  if (!where) co_return fail(where.error());
  // The name may have come to mean another file while nobody held this one.
  if (!where->exists() || where->info.id != row.node) co_return fail(NtStatus::OBJECT_NAME_NOT_FOUND);
  auto file = co_await open_file(**tree, row, *where);
  if (!file) co_return fail(file.error());
  DOZO_CO_TRY(const GrantedAccess granted, AccessGrantor::grant(row.granted, kFileAllAccess));

  const auto open = std::make_shared<Open>(FileId{row.id, 0}, *tree, granted);
  open->options = row.handle.create_options | CreateOption::write_through;
  open->file = *file;
  open->path = where->path;
  open->stream = row.stream;
  open->location = {where->parent, where->name};
  open->node_ref = where->node;
  open->node = row.node;
  open->key = key_of(**tree, row.node, row.stream);
  open->share_id = server.engine().new_open_id(open->key);
  if (row.handle.lease) open->lease = share::LeaseId{row.handle.client_guid, row.handle.lease->key};
  open->durable = std::make_unique<DurableHandle>(row.handle);
  co_return open;
}

share::OpenRequest engine_request(const Open& open, const PersistentOpen& row) {
  share::OpenRequest out;
  out.open = open.share_id;
  out.key = open.key;
  out.path = engine_path(open.path);
  out.granted_access = row.granted;
  out.share_access = row.handle.share_access;
  out.delete_on_close = row.handle.create_options.has(CreateOption::delete_on_close);
  out.complete_if_oplocked = true;  // there is nobody yet who could acknowledge a break
  out.oplock = row.oplock;
  out.lease = row.handle.lease;
  // The grant counts one up: to what the client knows.
  if (out.lease && out.lease->v2 && !out.lease->state.empty()) --out.lease->epoch;
  out.client_guid = row.handle.client_guid;
  return out;
}

void hold_again(Server& server, const Open& open, const PersistentOpen& row) {
  const Result<> done = server
                            .apply(share::RestoreOpen{.open = open.share_id,
                                                      .locks = row.held.locks,
                                                      .sequences = row.held.sequences,
                                                      .delete_pending = row.delete_pending})
                            .result();
  if (!done) log::error("lock_lost", "{}: {}", open.path_text(), to_string(done.error()));
}

// What an open that is made again breaks of those before it nobody is there to acknowledge. It may have been broken
// long ago: the store knows what was granted, not what is left. Their clients are told what they have when they come
// back.
void acknowledge_breaks(Server& server, const share::Effects& effects) {
  for (const share::Effect& effect : effects) {
    if (const auto* lease = std::get_if<share::BreakLease>(&effect); lease != nullptr && lease->ack_required) {
      acknowledge_breaks(server, server.apply(share::AckLease{lease->lease, lease->to}));
    }
    if (const auto* oplock = std::get_if<share::BreakOplock>(&effect)) {
      acknowledge_breaks(server, server.apply(share::AckOplock{oplock->open, oplock->to}));
    }
  }
}

// In the engine, and in the tables.
Result<> enter(Server& server, const OpenRef& open, const PersistentOpen& row) {
  share::OpenRequest wanted = engine_request(*open, row);
  open->outside = watch_before_caching(server, *open->tree->share, open->node_ref, wanted);
  server.sharing().opens().expect(open->share_id, open->lease, wanted.delete_on_close);
  const share::Effects effects = server.apply(wanted);
  if (!effects.granted()) {
    server.sharing().forget(open->share_id);
    return effects.result();
  }
  acknowledge_breaks(server, effects);
  server.sharing().announce(open->share_id);
  server.stats.opens_now.fetch_add(1, std::memory_order_relaxed);
  server.durables().add({.id = open->id,
                         .session = SessionId(),
                         .share_id = open->share_id,
                         .file = open->key.file(),
                         .handle = *open->durable,
                         .share = fold_name(row.share),
                         .path = durable_path(open->path, open->stream)});
  return {};
}

Task<void> give_up(Server& server, PersistentOpen row, NtStatus why) {
  log::warning("handle_lost", "share {}: {}'s persistent handle of {} cannot be restored: {}", row.share,
               row.handle.owner_name, row.path.back(), to_string(why));
  PersistentStore* const store = server.handles();
  const auto erase = [store, &row] { return store->erase(row.id); };
  const StoreResult done = co_await runtime::offload(runtime::Loop::current(), erase);
  if (!done) log::error("handle_not_stored", "{}", done.error());
}

}  // namespace

Task<void> restore_persistent_opens(Server& server) {
  PersistentStore* const store = server.handles();
  if (store == nullptr || store->empty()) co_return;
  const auto load = [store] { return store->load(); };
  const auto rows = co_await runtime::offload(runtime::Loop::current(), load);
  if (!rows) {
    log::error("handles_lost", "{}", rows.error());
    co_return;
  }
  // All of them are open before the first locks, is to be deleted, or is disconnected: that would be in the way of the
  // others of its file.
  std::vector<std::pair<OpenRef, const PersistentOpen*>> opens;
  for (const PersistentOpen& row : *rows) {
    auto open = co_await open_again(server, row);
    Result<> entered = open ? enter(server, *open, row) : Result<>(fail(open.error()));
    if (entered) {
      opens.emplace_back(*open, &row);
    } else {
      co_await give_up(server, row, entered.error());
    }
  }
  for (const auto& [open, row] : opens) hold_again(server, *open, *row);
  for (const auto& [open, row] : opens) {
    if (!park_open(server, open, server.clock().now() + open->durable->patience())) co_await close_open(server, open);
  }
  if (!opens.empty()) log::info("handles_restored", "{} persistent handles wait for their clients", opens.size());
}

}  // namespace dozo::server
