#include "server/durable/persist.h"

#include "base/log.h"
#include "server/server.h"

namespace dozo::server {
namespace {

PersistentOpen row_of(Server& server, const Open& open) {
  PersistentOpen out;
  out.id = open.id.persistent;
  out.share = open.tree->share->config.name;
  out.path = open.path;
  out.stream = open.stream;
  out.node = open.node;
  out.granted = open.granted.mask();
  out.handle = *open.durable;
  if (const auto info = server.engine().find_open(open.share_id)) {
    out.oplock = info->caching.oplock;
    out.delete_pending = info->delete_pending;
    if (out.handle.lease) {
      out.handle.lease->state = info->caching.lease;
      out.handle.lease->epoch = info->caching.epoch;
    }
  }
  out.locks = server.engine().list_locks(open.share_id);
  return out;
}

bool is_done(const StoreResult& result, const Open& open) {
  if (!result) log::error("handle_not_stored", "{}: {}", open.path_text(), result.error());
  return result.has_value();
}

}  // namespace

runtime::Task<bool> persist_open(Server& server, const Open& open) {
  PersistentStore* const store = server.handles();
  if (store == nullptr || !open.durable || !open.durable->is_persistent) co_return true;
  const PersistentOpen row = row_of(server, open);
  const auto put = [store, &row] { return store->put(row); };
  const StoreResult done = co_await runtime::offload(runtime::Loop::current(), put);
  co_return is_done(done, open);
}

runtime::Task<void> persist_locks(Server& server, const Open& open) {
  PersistentStore* const store = server.handles();
  if (store == nullptr || !open.durable || !open.durable->is_persistent) co_return;
  const std::uint64_t id = open.id.persistent;
  const std::vector<share::LockInfo> locks = server.engine().list_locks(open.share_id);
  const auto put = [store, id, &locks] { return store->put_locks(id, locks); };
  const StoreResult done = co_await runtime::offload(runtime::Loop::current(), put);
  static_cast<void>(is_done(done, open));
}

runtime::Task<void> persist_rename(Server& server, const Tree& tree, vfs::Path from, vfs::Path to) {
  PersistentStore* const store = server.handles();
  if (store == nullptr || store->empty()) co_return;
  const std::string share = tree.share->config.name;
  const auto change = [store, &share, &from, &to] { return store->rename(share, from, to); };
  const StoreResult done = co_await runtime::offload(runtime::Loop::current(), change);
  if (!done) log::error("handle_not_stored", "share {}: a rename: {}", share, done.error());
}

runtime::Task<void> unpersist(Server& server, const Open& open) {
  PersistentStore* const store = server.handles();
  if (store == nullptr || !open.durable || !open.durable->is_persistent) co_return;
  const std::uint64_t id = open.id.persistent;
  const auto erase = [store, id] { return store->erase(id); };
  const StoreResult done = co_await runtime::offload(runtime::Loop::current(), erase);
  static_cast<void>(is_done(done, open));
}

}  // namespace dozo::server
