// OwnChanges: tells watches what this process itself does, exactly, where their feed leaves that out.
#pragma once

#include <atomic>
#include <deque>
#include <mutex>
#include <string>
#include <vector>

#include "vfs/changes.h"
#include "vfs/posix/share.h"

namespace dozo::vfs::posix {

// A watch. Touched on its loop only, but for what is const.
struct Subscriber {
  Subscriber(WatchListener& to, CallerRef as, UniqueFd top, NodeId top_id, bool whole_tree, runtime::Loop& on)
      : listener(&to), caller(std::move(as)), directory(std::move(top)), id(top_id), subtree(whole_tree), loop(on) {}

  WatchListener* listener;  // null: the watch is gone
  const CallerRef caller;
  const UniqueFd directory;
  const NodeId id;
  const bool subtree;
  runtime::Loop& loop;
  std::size_t directories = 0;
  std::vector<Change> changes;        // of the batch that is being handled
  std::deque<std::string> own_added;  // lately, by this process: what a walk of a new directory need not tell again
};
using SubscriberRef = std::shared_ptr<Subscriber>;

// One for the process: several shares may lie in one folder, or one in another. Any thread, not while acting as
// somebody.
class OwnChanges {
 public:
  using Entry = NamedChange;

  void add(SubscriberRef subscriber);
  void remove(const SubscriberRef& subscriber);
  bool wanted() const { return count_.load(std::memory_order_relaxed) != 0; }

  // About entries of a directory, which belong together; free while nobody watches.
  void tell(int directory, std::vector<Entry> entries);
  // About the object behind a descriptor, by the name it has now; `stream` is that of one of its streams.
  void tell_of(int object, ChangeAction action, ChangeKinds kinds, std::string_view stream = {});

 private:
  using Components = std::vector<std::string>;  // on disk, beneath "/"
  void tell_in(const Components& directory, const std::vector<Entry>& entries);

  std::atomic<std::size_t> count_ = 0;
  std::mutex mutex_;
  std::vector<SubscriberRef> subscribers_;
};

OwnChanges& own_changes();

}  // namespace dozo::vfs::posix
