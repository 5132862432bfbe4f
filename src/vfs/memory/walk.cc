// The walk from a path to what it means in the memory volume.
#include <deque>

#include "vfs/memory/tree.h"

namespace dozo::vfs::memory {
namespace {

constexpr int kSymlinksMax = 40;  // as Linux

// Splits a symlink's text at '/'; nullopt: it is absolute.
std::optional<std::deque<std::string>> split_target(std::string_view target) {
  if (target.starts_with('/')) return std::nullopt;
  std::deque<std::string> parts;
  while (!target.empty()) {
    const std::size_t slash = std::min(target.find('/'), target.size());
    if (slash > 0) parts.emplace_back(target.substr(0, slash));
    target.remove_prefix(std::min(slash + 1, target.size()));
  }
  return parts;
}

// Follows the rest of a path from a directory, through symlinks. Null: nothing there.
class Follower {
 public:
  Follower(const Tree& tree, InodeRef root) : tree_(tree), root_(std::move(root)) {}

  Result<InodeRef> follow(InodeRef directory, std::string_view target) {
    if (++links_ > kSymlinksMax) return fail(NtStatus::ACCESS_DENIED);
    auto parts = split_target(target);
    if (!parts) return fail(NtStatus::ACCESS_DENIED);
    InodeRef here = std::move(directory);
    while (!parts->empty()) {
      if (!here || !here->is_directory()) return fail(NtStatus::OBJECT_PATH_NOT_FOUND);
      DOZO_TRY(here, step(here, parts->front()));
      parts->pop_front();
    }
    return here;
  }

 private:
  Result<InodeRef> step(const InodeRef& here, const std::string& part) {
    if (part == ".") return here;
    // A symlink out of the share is refused.
    if (part == ".." && here == root_) return fail(NtStatus::ACCESS_DENIED);
    if (part == "..") return here->parent.lock();
    const auto child = here->children.find(tree_.key(part));
    if (child == here->children.end()) return InodeRef();
    if (child->second.inode->type != NodeType::symlink) return child->second.inode;
    return follow(here, child->second.inode->target);
  }

  const Tree& tree_;
  InodeRef root_;
  int links_ = 0;
};

}  // namespace

Result<Resolved> Tree::resolve(const Path& path, ResolveOptions options) const {
  Resolved out;
  InodeRef here = root_;
  InodeRef parent;
  Follower follower(*this, root_);
  for (std::size_t i = 0; i < path.size(); ++i) {
    const bool last = i + 1 == path.size();
    if (!here || !here->is_directory()) return fail(NtStatus::OBJECT_PATH_NOT_FOUND);
    parent = here;
    const auto child = parent->children.find(key(path[i]));
    const bool found = child != parent->children.end();
    if (!found && !last) return fail(NtStatus::OBJECT_PATH_NOT_FOUND);
    out.path.push_back(found ? child->second.name : path[i]);
    here = found ? child->second.inode : nullptr;
    if (found && here->type == NodeType::symlink && (!last || options.follow_final_symlink)) {
      DOZO_TRY(here, follower.follow(parent, here->target));
    }
  }
  if (parent) out.parent = std::make_shared<MemoryNode>(parent);
  if (parent) out.name = out.path.back();
  if (here) {
    out.node = std::make_shared<MemoryNode>(here);
    out.info = info_of(*here);
  }
  return out;
}

}  // namespace dozo::vfs::memory
