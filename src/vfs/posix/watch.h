// Watches of the posix volume: one feed of changes for each loop, shared by the watches made on it.
#pragma once

#include <map>
#include <memory>
#include <mutex>

#include "vfs/posix/share.h"

namespace dozo::vfs::posix {

class WatchHub;

// Directories that one watch may cover. What lies in further ones is not told, and the log says so.
inline constexpr std::size_t kWatchedDirectoriesMax = 16384;

// The hub of each loop. Any loop.
class WatchHubs {
 public:
  Task<Result<std::unique_ptr<Watch>>> watch(ShareRef share, CallerRef caller, int directory, bool subtree,
                                             WatchListener& listener);

 private:
  std::mutex mutex_;
  std::map<runtime::Loop*, std::weak_ptr<WatchHub>> hubs_;
};

}  // namespace dozo::vfs::posix
