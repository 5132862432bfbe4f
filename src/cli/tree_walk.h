// What is below a folder, here or on a share.
#pragma once

#include <string>
#include <vector>

#include "cli/copy.h"

namespace dozo::cli {

struct Found {
  std::string path;  // below the folder, with '/' between names
  bool is_folder = false;
  bool is_link = false;  // of a share: a reparse point; neither followed nor copied
  std::uint64_t size = 0;
  std::uint64_t allocated = 0;  // of a share
  FileTime written;
};

// What a tree is listed for. A source's links, devices and names that the other side cannot have are said, counted as
// failures and left out, and what is left of interrupted copies is left out. A target is listed as it is.
enum class Side { source, target };

// Everything below the folder, a folder before what is in it; several folders are listed at a time. What cannot be
// listed is said and counted in `run`, and the rest goes on. The order is that of the names.
runtime::Task<std::vector<Found>> walk_remote(CopyRun& run, std::string folder, Side side);
// Likewise, of this machine; devices count as links.
std::vector<Found> walk_local(CopyRun& run, const std::string& folder, Side side);

// A path below a folder, as one of a share: '\' between names.
std::string below_remote(const std::string& folder, const std::string& path);
std::string below_local(const std::string& folder, const std::string& path);

}  // namespace dozo::cli
