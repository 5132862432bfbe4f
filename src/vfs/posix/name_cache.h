// NameCache: which names a directory holds, by their folded form, so that a name which does not exist costs no scan.
//
// A directory is scanned once and then kept right by inotify: it is watched first and scanned then, and before each
// use the events that have come are applied. Where inotify does not see every change (network and user-space file
// systems), what was scanned holds as long as the directory's times stay as they were, and these are old enough that
// another change would have shown. Bounded by directories and by names; the least recently used go first.
//
// Any thread; a mutex that is not held while a directory is scanned.
#pragma once

#include <atomic>
#include <list>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "vfs/posix/fd.h"
#include "vfs/posix/xattrs.h"
#include "vfs/types.h"

namespace dozo::vfs::posix {

class NameCache {
 public:
  struct Limits {
    std::size_t directories = 4096;
    std::size_t names = 2'000'000;
  };
  explicit NameCache(Limits limits);
  ~NameCache();

  // A directory and its times as statx gave them just now; `reliable_events`: inotify sees all changes in it.
  struct Directory {
    NodeId id;
    std::int64_t mtime_ns = 0;
    std::int64_t ctime_ns = 0;
    bool reliable_events = true;
  };
  struct Answer {
    bool known = false;  // false: ask scan()
    std::string stored;  // the name on disk; empty: there is none
  };
  // `client_name` as clients write it, or a short name that was made (vfs/short_name.h) and no name of its own. Does
  // not block.
  Answer find(const Directory& directory, std::string_view client_name);
  // Reads the directory (may block) and answers; keeps what it read when it can. `fd` may be O_PATH.
  Errno<std::string> scan(int fd, const Directory& directory, std::string_view client_name);

  std::uint64_t scans() const { return scans_; }

 private:
  struct Event {
    std::uint32_t mask;
    std::string name;
  };
  struct Cached {
    Directory stamp;
    int watch = -1;
    bool complete = false;
    std::vector<Event> meanwhile;                               // events during the scan
    std::unordered_multimap<std::uint64_t, std::string> names;  // stored names by the hash of their key
    // Stored names by the short name that was made for them; only once somebody asked by one.
    std::optional<std::unordered_multimap<std::string, std::string>> shorts;
    std::list<NodeId>::iterator age;
  };
  using Names = std::vector<std::string>;

  void drain();
  void handle(int watch, std::uint32_t mask, std::string_view name);
  static void apply(Cached& cached, const Event& event, std::size_t& total);
  static std::string find_short(Cached& cached, std::string_view client_name);
  bool begin(int fd, const Directory& directory);
  void finish(const Directory& directory, const Names& names);
  void drop(NodeId id);
  void drop_all();
  void evict();

  const Limits limits_;
  UniqueFd inotify_;
  std::atomic<std::uint64_t> scans_ = 0;
  std::mutex mutex_;
  std::map<NodeId, Cached> directories_;
  std::unordered_map<int, NodeId> watches_;
  std::list<NodeId> ages_;  // the most recently used in front
  std::size_t names_ = 0;
};

// The names in a directory, "." and ".." left out. `fd` may be O_PATH.
Errno<std::vector<std::string>> read_names(int fd);

}  // namespace dozo::vfs::posix
