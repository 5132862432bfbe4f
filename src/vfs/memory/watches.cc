#include "vfs/memory/watches.h"

#include <optional>

namespace dozo::vfs::memory {
namespace {

// The path of `directory` beneath `top` with a '\' at its end; nullopt: not there (or deeper, without `subtree`).
std::optional<std::string> prefix_beneath(const Inode& top, const Inode& directory, bool subtree) {
  if (&top == &directory) return std::string();
  if (!subtree) return std::nullopt;
  std::string prefix = directory.name + '\\';
  for (InodeRef up = directory.parent.lock(); up; up = up->parent.lock()) {
    if (up.get() == &top) return prefix;
    prefix = up->name + '\\' + prefix;
  }
  return std::nullopt;
}

}  // namespace

void Watches::remove(const Watcher& watcher) {
  watchers_.remove_if([&](const std::shared_ptr<Watcher>& w) { return w.get() == &watcher; });
}

void Watches::tell(const Inode& directory, const std::vector<NamedChange>& changes) {
  for (const std::shared_ptr<Watcher>& watcher : watchers_) {
    const auto prefix = prefix_beneath(*watcher->directory, directory, watcher->subtree);
    if (!prefix) continue;
    std::vector<Change> told;
    for (const NamedChange& change : changes) told.push_back({change.action, change.kinds, *prefix + change.name});
    watcher->loop->post([watcher, told = std::move(told)]() mutable {
      if (watcher->listener != nullptr) watcher->listener->on_changes(std::move(told));
    });
  }
}

void Watches::changed(const Inode& parent, std::string_view name, ChangeAction action, ChangeKinds kinds) {
  if (!watchers_.empty()) tell(parent, {{action, kinds, std::string(name)}});
}

void Watches::stream_changed(const Inode& inode, std::string_view stream, ChangeAction action) {
  const InodeRef parent = inode.parent.lock();
  if (!parent || inode.links == 0 || stream.empty()) return;
  const ChangeKinds kinds = action == ChangeAction::modified_stream ? ChangeKind::stream_size | ChangeKind::stream_write
                                                                    : ChangeKinds(ChangeKind::stream_name);
  changed(*parent, fmt::format("{}:{}", inode.name, stream), action, kinds);
}

void Watches::changed(const Inode& inode, ChangeKinds kinds) {
  if (watchers_.empty()) return;
  const InodeRef parent = inode.parent.lock();
  if (parent && inode.links > 0) changed(*parent, inode.name, ChangeAction::modified, kinds);
}

void Watches::gone(const Inode& directory) {
  for (const std::shared_ptr<Watcher>& watcher : watchers_) {
    if (watcher->directory.get() != &directory) continue;
    watcher->loop->post([watcher] {
      if (watcher->listener != nullptr) watcher->listener->on_directory_gone();
    });
  }
}

void OutsideWatches::remove(NodeId node, const OutsideListenerRef& listener) {
  const auto at = std::ranges::find(watched_, std::pair(listener, node));
  if (at != watched_.end()) watched_.erase(at);
}

OutsideWatches::Told OutsideWatches::concerned(const Inode& inode, const NodeRef& parent) const {
  Told told;
  for (const auto& [listener, node] : watched_) {
    if (node == inode.id || (parent && node == parent->id())) told.emplace_back(listener, node);
  }
  return told;
}

void OutsideWatches::tell(const Told& told) {
  for (const auto& [listener, node] : told) listener->on_outside_change(node);
}

}  // namespace dozo::vfs::memory
