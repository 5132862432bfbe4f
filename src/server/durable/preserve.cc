#include "server/durable/preserve.h"

#include "base/log.h"
#include "server/commands/close_open.h"
#include "server/server.h"

namespace dozo::server {
namespace {

OpenHome home_of(const OpenRef& open) {
  return {.loop = &runtime::Loop::current(),
          .open = open,
          .owner = {},
          .file_id = open->id,
          .file = open->key.file(),
          .encrypted = open->tree->share->encryption_required};
}

// The server goes and leaves the file as it is, for the one that follows it.
void abandon(Server& server, Open& open) {
  open.closed = true;
  server.stats.opens_now.fetch_sub(1, std::memory_order_relaxed);
  static_cast<void>(server.apply(share::CloseOpen{.open = open.share_id, .keep_name = true}));
  server.sharing().forget(open.share_id);
  server.durables().remove(open.id);
}

}  // namespace

bool park_open(Server& server, const OpenRef& open, Instant until) {
  DurableTable& table = server.durables();
  // Known to those who end it before the engine may say so: it does as soon as the open is in somebody's way.
  if (!table.park(open)) {
    log::warning("preserved_opens_max", "{}: {} has left too many files open already; it is closed", open->path_text(),
                 open->durable->owner_name);
    return false;
  }
  server.sharing().opens().publish(open->share_id, home_of(open));
  const share::Effects effects = server.apply(share::PreserveOpen{.open = open->share_id,
                                                                  .until = until,
                                                                  .resilient = open->durable->is_resilient,
                                                                  .persistent = open->durable->is_persistent});
  // Refused: nothing keeps others from the file, so there is nothing its client could come back to. Nobody there any
  // more: somebody else is closing it already.
  return effects.granted() || table.unpark(open->id.persistent) == nullptr;
}

bool preserve_open(Server& server, Open& open) {
  if (!open.durable || !open.durable->may_be_preserved()) return false;
  // Requests that are still at work hold the old one.
  const OpenRef kept = open.moved_to(open.id, open.tree);
  if (!park_open(server, kept, server.clock().now() + open.durable->patience())) return false;
  open.closed = true;
  log::debug("open_preserved", "{}: kept for its client", kept->path_text());
  return true;
}

runtime::Task<void> close_preserved_opens(Server& server) {
  for (const OpenRef& known : server.durables().all_parked()) {
    const OpenRef open = server.durables().unpark(known->id.persistent);
    if (!open) continue;
    if (open->durable->is_persistent) {
      abandon(server, *open);
    } else {
      co_await close_open(server, open);
    }
  }
}

}  // namespace dozo::server
