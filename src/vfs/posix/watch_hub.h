// WatchHub: one feed of changes on one loop, read by one coroutine as long as there are watches.
#pragma once

#include <deque>
#include <unordered_map>

#include "runtime/gate.h"
#include "vfs/posix/change_feed.h"
#include "vfs/posix/own_changes.h"
#include "vfs/posix/watch.h"
#include "vfs/posix/watch_tree.h"

namespace dozo::vfs::posix {

class WatchHub : public std::enable_shared_from_this<WatchHub> {
 public:
  WatchHub(runtime::Loop& loop, ShareRef share);
  bool ok() const { return feed_->ok(); }

  Task<Result<SubscriberRef>> subscribe(CallerRef caller, int directory, bool subtree, WatchListener& listener);
  void unsubscribe(const SubscriberRef& subscriber);

 private:
  using Event = FeedEvent;
  // Whom a directory's events concern, and where it lies for them.
  struct Interest {
    SubscriberRef subscriber;
    std::string prefix;
    bool parent_of_top = false;  // watched only to see the top itself go
  };
  struct NewDirectory {
    SubscriberRef subscriber;
    std::string prefix;  // with a '\' at its end
    bool own;            // this process made it, and has told of what it put there
  };
  using Events = std::vector<Event>;
  // An object that has just been made: its maker writes the record of its attributes, which is no news.
  struct Fresh {
    int watch;
    std::string name;
    Instant made;
  };

  static Task<void> pump(std::shared_ptr<WatchHub> self);
  void handle(const Events& events);
  void handle_one(const Event& event, const Event* moved_to);
  bool is_making_of(const Event& event);
  void handle_for(const Interest& interest, const Event& event, const Event* moved_to);
  void handle_entry(const Interest& interest, const Event& event, std::uint32_t what);
  void handle_self(const Interest& interest, const Event& event);
  void handle_rename(const Interest& interest, const Event& from, const Event& to);
  void check_gone(const SubscriberRef& subscriber);
  void overflow();
  void deliver();
  Task<void> watch_new_directories();
  void register_tree(const SubscriberRef& subscriber, const WatchedTree& tree);
  void add_interest(int watch, Interest interest);
  void drop(int watch, const Interest& last);
  void forget_beneath(const SubscriberRef& subscriber, const std::string& prefix);
  void watch_parent(const SubscriberRef& subscriber);

  runtime::Loop& loop_;
  runtime::Gate gate_;
  const ShareRef share_;
  const std::unique_ptr<ChangeFeed> feed_;
  runtime::Operation poll_;
  bool polling_ = false;
  bool running_ = false;
  int adding_ = 0;  // walks in progress: events of directories that they add are kept
  Events early_;
  std::deque<Fresh> fresh_;
  std::vector<SubscriberRef> subscribers_;
  std::unordered_map<int, std::vector<Interest>> interests_;
  std::vector<NewDirectory> new_directories_;
};

}  // namespace dozo::vfs::posix
