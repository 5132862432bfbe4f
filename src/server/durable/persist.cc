#include "server/durable/persist.h"

#include "base/log.h"
#include "server/server.h"

namespace dozo::server {
namespace {

bool is_stored(Server& server, const Open& open) {
  return server.handles() != nullptr && open.durable && open.durable->is_persistent;
}

// What the open's own loop knows.
PersistentOpen row_of(const Open& open) {
  PersistentOpen out;
  out.id = open.id.persistent;
  out.share = open.tree->share->config.name;
  out.path = open.path;
  out.stream = open.stream;
  out.node = open.node;
  out.granted = open.granted.mask();
  out.handle = *open.durable;
  return out;
}

// And what the engine knows. nullopt: it is closed, and its row erased, or about to be.
std::optional<PersistentOpen> complete(const share::ShardedEngine& engine, share::OpenId id, PersistentOpen row) {
  const auto info = engine.find_open(id);
  if (!info) return std::nullopt;
  row.oplock = info->caching.oplock;
  row.delete_pending = info->delete_pending;
  if (row.handle.lease) {
    row.handle.lease->state = info->caching.lease;
    row.handle.lease->epoch = info->caching.epoch;
  }
  row.held = engine.list_locks(id);
  return row;
}

std::vector<PersistentState> states_of(const share::ShardedEngine& engine, const std::vector<DurableRecord>& records) {
  std::vector<PersistentState> out;
  for (const DurableRecord& record : records) {
    const auto info = engine.find_open(record.share_id);
    if (!info) continue;
    out.push_back({.id = record.id.persistent,
                   .oplock = info->caching.oplock,
                   .lease = info->caching.lease,
                   .epoch = info->caching.epoch,
                   .delete_pending = info->delete_pending});
  }
  return out;
}

// A closed open holds none.
std::vector<PersistentLocks> locks_of(const share::ShardedEngine& engine, const std::vector<DurableRecord>& records) {
  std::vector<PersistentLocks> out;
  for (const DurableRecord& record : records) {
    out.push_back({.id = record.id.persistent, .held = engine.list_locks(record.share_id)});
  }
  return out;
}

bool is_done(const StoreResult& result, const Open& open) {
  if (!result) log::error("handle_not_stored", "{}: {}", open.path_text(), result.error());
  return result.has_value();
}

}  // namespace

runtime::Task<bool> persist_open(Server& server, const Open& open) {
  if (!is_stored(server, open)) co_return true;
  for (;;) {
    const PersistentOpen row = row_of(open);
    const auto current = [&server, &row, id = open.share_id] { return complete(server.engine(), id, row); };
    const auto put = [&server, &current] { return server.handles()->put(current); };
    const StoreResult done = co_await runtime::offload(runtime::Loop::current(), put);
    // A rename may have been at the store before the row it is about.
    if (!done || open.path == row.path) co_return is_done(done, open);
  }
}

runtime::Task<void> persist_locks(Server& server, const Open& open) {
  if (!is_stored(server, open)) co_return;
  // What this open was granted another one may have given up a moment ago, and not be at the store yet.
  const auto records = server.durables().persistent_opens(open.key.file());
  const auto current = [&server, &records] { return locks_of(server.engine(), records); };
  const auto put = [&server, &current] { return server.handles()->put_locks(current); };
  const StoreResult done = co_await runtime::offload(runtime::Loop::current(), put);
  static_cast<void>(is_done(done, open));
}

runtime::Task<void> persist_states(Server& server, std::optional<share::FileIdentity> file) {
  PersistentStore* const store = server.handles();
  if (store == nullptr || store->empty()) co_return;
  const auto records = file ? server.durables().persistent_opens(*file) : server.durables().persistent_opens();
  if (records.empty()) co_return;
  const auto current = [&server, &records] { return states_of(server.engine(), records); };
  const auto put = [store, &current] { return store->put_states(current); };
  const StoreResult done = co_await runtime::offload(runtime::Loop::current(), put);
  if (!done) log::error("handle_not_stored", "what {} opens cache: {}", records.size(), done.error());
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
  if (!is_stored(server, open)) co_return;
  const auto erase = [&server, id = open.id.persistent] { return server.handles()->erase(id); };
  const StoreResult done = co_await runtime::offload(runtime::Loop::current(), erase);
  static_cast<void>(is_done(done, open));
}

}  // namespace dozo::server
