// What a sync has to do: two listings to a list of steps. Pure.
#pragma once

#include <string>
#include <vector>

#include "cli/tree_walk.h"

namespace dozo::cli {

// Whether two times of one file are the same, as far as the coarser of the two file systems can tell: to 100 ns, to the
// second, or (FAT) to the even second.
bool same_time(FileTime a, FileTime b);

struct SyncPlan {
  std::vector<std::string> folders;   // to be made, those above first
  std::vector<Found> copies;          // of the source
  std::vector<Found> unsure;          // same size and another time, or any time with `by_content`: to be compared
  std::vector<Found> removals;        // of the target, what is in a folder before the folder
  std::vector<std::string> problems;  // what cannot be done, and why
  std::size_t unchanged = 0;
};

struct SyncRules {
  bool remove = false;      // what the source has not is removed from the target
  bool by_content = false;  // times say nothing
};

// Names that differ in case alone are one name: on a share they are. Both listings as tree_walk.h makes them.
SyncPlan plan_sync(const std::vector<Found>& source, const std::vector<Found>& target, SyncRules rules);

}  // namespace dozo::cli
