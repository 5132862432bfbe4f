// ChangeFeed: where a WatchHub hears of changes in directories: fanotify, or inotify where that cannot be had.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "vfs/posix/share.h"

namespace dozo::vfs::posix {

// As inotify tells it, which fanotify's events are put into.
struct FeedEvent {
  int watch = -1;
  std::uint32_t mask = 0;  // IN_*; CREATE and DELETE together where the kernel merged them
  std::uint32_t cookie = 0;
  std::string name;  // on disk; empty: the directory itself
  bool own = false;  // this process did it; false where the feed cannot tell
};

// add() from any thread, the rest on one.
class ChangeFeed {
 public:
  virtual ~ChangeFeed() = default;
  virtual bool ok() const = 0;
  virtual int fd() const = 0;
  // Whether FeedEvent::own can be believed.
  virtual bool tells_own() const = 0;
  // The watch (the same one for a directory that has one), or -errno.
  virtual int add(int directory) = 0;
  // `disk_path` beneath `top`: where the directory was last seen.
  virtual void remove(int watch, int top, const std::string& disk_path) = 0;
  virtual void remove_all() = 0;
  // What has happened, in order; does not wait. An overflow is an event with IN_Q_OVERFLOW.
  virtual std::vector<FeedEvent> read() = 0;
};

// For the file system that `directory` is on.
std::unique_ptr<ChangeFeed> make_change_feed(int directory);

}  // namespace dozo::vfs::posix
