// Watches of the memory volume: who is told of which changes.
#pragma once

#include <atomic>
#include <list>
#include <memory>
#include <string_view>

#include "runtime/loop.h"
#include "vfs/changes.h"
#include "vfs/memory/inode.h"

namespace dozo::vfs::memory {

class Tree;

// What the watch and the posts that are on their way to it share. `listener` is touched on its loop only.
struct Watcher {
  runtime::Loop* loop;
  InodeRef directory;
  bool subtree;
  WatchListener* listener;  // null when the watch is gone
};

// Under the tree's mutex.
class Watches {
 public:
  void add(std::shared_ptr<Watcher> watcher) { watchers_.push_back(std::move(watcher)); }
  void remove(const Watcher& watcher);
  bool empty() const { return watchers_.empty(); }

  void changed(const Inode& parent, std::string_view name, ChangeAction action, ChangeKinds kinds);
  void changed(const Inode& inode, ChangeKinds kinds);  // modified, under the name it is known by
  void stream_changed(const Inode& inode, std::string_view stream, ChangeAction action);
  // About entries of a directory, which belong together.
  void tell(const Inode& directory, const std::vector<NamedChange>& changes);
  void gone(const Inode& directory);

 private:
  std::list<std::shared_ptr<Watcher>> watchers_;
};

// Who is told of what is done to the volume from outside. Under the tree's mutex, but for tell().
class OutsideWatches {
 public:
  using Told = std::vector<std::pair<OutsideListenerRef, NodeId>>;

  std::atomic<bool> seen = true;

  void add(NodeId node, OutsideListenerRef listener) { watched_.emplace_back(std::move(listener), node); }
  void remove(NodeId node, const OutsideListenerRef& listener);
  // Whom a change of `inode` concerns, which has a name in `parent`.
  Told concerned(const Inode& inode, const NodeRef& parent) const;
  static void tell(const Told& told);

 private:
  Told watched_;
};

}  // namespace dozo::vfs::memory
