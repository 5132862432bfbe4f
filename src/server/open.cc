#include "server/open.h"

#include "rpc/services.h"
#include "server/commands/directory_scan.h"
#include "server/commands/notify_queue.h"
#include "server/outside_changes.h"

namespace dozo::server {

Open::Open(FileId file_id, std::shared_ptr<Tree> on, GrantedAccess access)
    : id(file_id), tree(std::move(on)), granted(access), home(runtime::Loop::current_or_null()) {}

Open::~Open() = default;

std::string Open::path_text() const {
  if (is_pipe()) return std::string(pipe->pipe.info().name);
  std::string out;
  for (const std::string& component : path) {
    if (!out.empty()) out += '\\';
    out += component;
  }
  if (!stream.empty()) out += ':' + stream;
  return out;
}

std::shared_ptr<Open> Open::moved_to(FileId new_id, std::shared_ptr<Tree> new_tree) {
  const auto out = std::make_shared<Open>(new_id, std::move(new_tree), granted);
  out->options = options;
  out->file = file;
  out->path = path;
  out->stream = stream;
  out->location = location;
  out->node_ref = node_ref;
  out->node = node;
  out->share_id = share_id;
  out->key = key;
  out->has_shared_data = has_shared_data;
  out->position = position.load();
  out->lease = lease;
  out->parent_lease = parent_lease;
  out->mode = mode;
  out->ea_index = ea_index;
  out->pinned_write_time = pinned_write_time;
  out->pinned_access_time = pinned_access_time;
  out->pinned_change_time = pinned_change_time;
  out->pins_times = pins_times.load();
  out->modified = modified.load();
  out->outside = std::move(outside);
  if (durable) out->durable = std::make_unique<DurableHandle>(*durable);
  out->replay_eligible = replay_eligible.load();
  return out;
}

Tree::Tree(TreeId tree_id, ShareRef on, ActingUser user, AccessMask maximal, Instant now)
    : id(tree_id),
      share(std::move(on)),
      caller(std::move(user.caller)),
      token(std::move(user.token)),
      maximal_access(maximal),
      connected_at(now) {
  share->trees.fetch_add(1, std::memory_order_relaxed);
}

Tree::~Tree() { share->trees.fetch_sub(1, std::memory_order_relaxed); }

}  // namespace dozo::server
