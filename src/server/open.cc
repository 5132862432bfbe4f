#include "server/open.h"

#include "rpc/services.h"
#include "server/commands/directory_scan.h"
#include "server/commands/notify_queue.h"
#include "server/outside_changes.h"

namespace dozo::server {

Open::Open(FileId file_id, std::shared_ptr<Tree> on, GrantedAccess access)
    : id(file_id), tree(std::move(on)), granted(access) {}

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

Tree::Tree(TreeId tree_id, ShareRef on, vfs::CallerRef as, AccessMask maximal, Instant now)
    : id(tree_id), share(std::move(on)), caller(std::move(as)), maximal_access(maximal), connected_at(now) {
  share->trees.fetch_add(1, std::memory_order_relaxed);
}

Tree::~Tree() { share->trees.fetch_sub(1, std::memory_order_relaxed); }

}  // namespace dozo::server
