// Adds watches to a directory and what is beneath it. May block.
#pragma once

#include <string>
#include <vector>

#include "vfs/posix/change_feed.h"

namespace dozo::vfs::posix {

struct WatchedDirectory {
  int watch;
  std::string path;  // beneath the watched directory, with a '\' at its end; empty: itself
};
struct WatchedTree {
  std::vector<WatchedDirectory> directories;
  std::vector<std::string> entries;  // what was in new directories already; only when asked for
  bool complete = true;
};

struct TreeToWatch {
  ChangeFeed* feed;
  int directory;        // the top
  std::string beneath;  // on disk, "" or "a/b": where to start
  std::string prefix;   // its path for clients, "" or "a\b\"
  bool subtree;
  bool list_entries;
  std::size_t limit;
};
// Needs the caller's right to read each directory; those it may not read are left out. Fails for the top only.
Result<WatchedTree> watch_tree(const Caller* caller, const TreeToWatch& what);

}  // namespace dozo::vfs::posix
