// The feed of fanotify: says who did it.
#include <linux/fanotify.h>
#include <sys/inotify.h>

#include <algorithm>
#include <map>
#include <mutex>

#include "vfs/posix/fanotify.h"
#include "vfs/posix/feeds.h"

namespace dozo::vfs::posix {
namespace {

constexpr std::uint64_t kRename = 0x10000000;  // FAN_RENAME, Linux 5.17
constexpr std::uint64_t kEvents =
    FAN_MODIFY | FAN_ATTRIB | FAN_CREATE | FAN_DELETE | FAN_DELETE_SELF | kRename | FAN_EVENT_ON_CHILD | FAN_ONDIR;

// These bits have one value in both interfaces.
static_assert(FAN_MODIFY == IN_MODIFY && FAN_ATTRIB == IN_ATTRIB && FAN_CREATE == IN_CREATE &&
              FAN_DELETE == IN_DELETE && FAN_DELETE_SELF == IN_DELETE_SELF);

class FanotifyFeed final : public ChangeFeed {
 public:
  bool ok() const override { return group_.ok(); }
  int fd() const override { return group_.fd(); }
  bool tells_own() const override { return true; }

  int add(int directory) override {
    const auto key = handle_key(directory, "");
    if (!key) return -key.error();
    int watch = 0;
    {
      // Known before it is marked: its first event may be read right away.
      const std::lock_guard lock(mutex_);
      const auto [at, is_new] = watches_.try_emplace(*key, last_watch_ + 1);
      if (is_new) keys_.emplace(++last_watch_, *key);
      watch = at->second;
    }
    const int error = group_.add(directory, "", kEvents);
    return error == 0 ? watch : -error;
  }

  void remove(int watch, int top, const std::string& disk_path) override {
    const std::lock_guard lock(mutex_);
    const auto at = keys_.find(watch);
    if (at == keys_.end()) return;
    // By now another directory may have the name; the mark of one that cannot be found any more ends with the group.
    const auto key = handle_key(top, disk_path.c_str());
    if (key && *key == at->second) group_.remove(top, disk_path.c_str(), kEvents);
    watches_.erase(at->second);
    keys_.erase(at);
  }

  void remove_all() override {
    const std::lock_guard lock(mutex_);
    group_.remove_all();
    watches_.clear();
    keys_.clear();
  }

  std::vector<FeedEvent> read() override {
    std::vector<FeedEvent> out;
    for (const FanotifyEvent& event : group_.read()) take(event, out);
    return out;
  }

 private:
  int watch_of(const HandleKey& key) {
    const std::lock_guard lock(mutex_);
    const auto at = watches_.find(key);
    return at == watches_.end() ? -1 : at->second;
  }

  void take(const FanotifyEvent& event, std::vector<FeedEvent>& out) {
    if (event.overflow()) return out.push_back({.mask = IN_Q_OVERFLOW});
    const std::uint32_t directory = event.is_directory() ? IN_ISDIR : 0;
    const int watch = watch_of(event.directory);
    if ((event.mask & kRename) != 0) return take_rename(event, watch, directory, out);
    if (watch < 0) return;
    std::uint32_t mask = static_cast<std::uint32_t>(event.mask) & IN_ALL_EVENTS;
    if ((mask & IN_DELETE_SELF) != 0) mask |= IN_IGNORED;
    out.push_back({watch, mask | directory, 0, event.name, event.own});
  }

  // As the two halves that inotify tells, each to the directory that is watched.
  void take_rename(const FanotifyEvent& event, int from, std::uint32_t directory, std::vector<FeedEvent>& out) {
    ++last_cookie_;
    if (from >= 0) out.push_back({from, IN_MOVED_FROM | directory, last_cookie_, event.name, event.own});
    const int to = watch_of(event.new_directory);
    if (to >= 0) out.push_back({to, IN_MOVED_TO | directory, last_cookie_, event.new_name, event.own});
  }

  Fanotify group_;
  std::mutex mutex_;
  std::map<HandleKey, int> watches_;
  std::map<int, HandleKey> keys_;
  int last_watch_ = 0;
  std::uint32_t last_cookie_ = 0;
};

}  // namespace

std::unique_ptr<ChangeFeed> make_fanotify_feed() { return std::make_unique<FanotifyFeed>(); }

std::unique_ptr<ChangeFeed> make_change_feed(int directory) {
  std::unique_ptr<ChangeFeed> feed = make_fanotify_feed();
  if (feed->ok() && feed->add(directory) >= 0) return feed;
  return make_inotify_feed();
}

}  // namespace dozo::vfs::posix
