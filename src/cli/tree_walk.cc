#include "cli/tree_walk.h"

#include <dirent.h>
#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <memory>

#include "base/unicode.h"
#include "cli/remote_text.h"

namespace dozo::cli {
namespace {

constexpr std::size_t kListedAtOnce = 8;

struct RemoteWalk {
  CopyRun& run;
  std::string root;
  Side side;
  std::vector<Found> found;
  std::vector<std::string> waiting;  // folders that are to be listed
  std::size_t busy = 0;
};

// Ours, of a copy that was interrupted.
bool is_partial(const std::string& name) { return name.starts_with(".dozo-") && name.ends_with(".partial"); }

// A name that is one here too: a server may say anything.
bool is_usable_here(const std::string& name) {
  return !name.empty() && name != "." && name != ".." && name.find('/') == std::string::npos &&
         name.find('\0') == std::string::npos;
}

runtime::Task<void> list_one(RemoteWalk& walk, std::string folder) {
  const std::string path = below_remote(walk.root, folder);
  const auto entries =
      co_await walk.run.remote.link.run([&path](client::Tree& tree) { return client::list_directory(tree, path); });
  if (!entries) co_return walk.run.fail_remote(path, entries.error());
  for (const client::DirectoryEntry& entry : *entries) {
    if (!is_usable_here(entry.name)) {
      walk.run.fail_saying(fmt::format("{}: left out: not a name here", printable_name(path + "\\" + entry.name)));
      continue;
    }
    if (walk.side == Side::source && is_partial(entry.name)) continue;
    Found found{.path = folder.empty() ? entry.name : folder + "/" + entry.name,
                .is_folder = entry.is_directory(),
                .is_link = entry.attributes.has(FileAttribute::reparse_point),
                .size = entry.size,
                .allocated = entry.allocation_size,
                .written = entry.last_write_time};
    if (found.is_folder && !found.is_link) walk.waiting.push_back(found.path);
    walk.found.push_back(std::move(found));
  }
}

// One round: every folder that is known, some at a time; what they hold is the next round's.
runtime::Task<void> list_next(RemoteWalk& walk, std::vector<std::string>& round) {
  while (!round.empty() && !walk.run.lost) {
    const std::string folder = std::move(round.back());
    round.pop_back();
    co_await list_one(walk, folder);
  }
}

using Directory = std::unique_ptr<DIR, int (*)(DIR*)>;

// Why a name of this machine cannot be one of a share; nothing when it can. [MS-FSCC] 2.1.5.1
const char* unfit_for_share(const std::string& name) {
  if (!utf8_to_utf16(name)) return "its name is not UTF-8";
  const bool has_control =
      std::any_of(name.begin(), name.end(), [](char c) { return static_cast<unsigned char>(c) < 32; });
  if (has_control || name.find_first_of("\\\"*:<>?|") != std::string::npos) {
    return "its name has a character that no share takes";
  }
  return nullptr;
}

struct LocalWalk {
  CopyRun& run;
  std::string root;
  Side side;
  std::vector<Found> found;

  void leave_out(const std::string& path, const char* why) {
    run.fail_saying(fmt::format("{}: left out: {}", printable_name(below_local(root, path)), why));
  }
  void take(const std::string& path, const std::string& name) {
    const auto status = local_status(below_local(root, path));
    if (!status) return run.fail_local(below_local(root, path), errno);
    const bool is_link = !status->is_folder && !status->is_file;
    const char* why = unfit_for_share(name);
    if (side == Side::source && why != nullptr) return leave_out(path, why);
    if (side == Side::source && is_link) return leave_out(path, "neither a file nor a folder");
    found.push_back({.path = path,
                     .is_folder = status->is_folder,
                     .is_link = is_link,
                     .size = status->size,
                     .written = status->written});
    if (status->is_folder) list(path);
  }
  void list(const std::string& folder) {
    const Directory directory(opendir(below_local(root, folder).c_str()), closedir);
    if (!directory) return run.fail_local(below_local(root, folder), errno);
    while (const dirent* entry = readdir(directory.get())) {
      const std::string name = entry->d_name;
      if (name == "." || name == ".." || (side == Side::source && is_partial(name))) continue;
      take(folder.empty() ? name : folder + "/" + name, name);
    }
  }
};

void sort_by_path(std::vector<Found>& found) { std::ranges::sort(found, {}, &Found::path); }

}  // namespace

runtime::Task<std::vector<Found>> walk_remote(CopyRun& run, std::string folder, Side side) {
  RemoteWalk walk{.run = run, .root = std::move(folder), .side = side, .found = {}, .waiting = {""}};
  while (!walk.waiting.empty() && !run.lost) {
    std::vector<std::string> round = std::exchange(walk.waiting, {});
    runtime::Gate gate;
    for (std::size_t i = 0; i < kListedAtOnce; ++i) runtime::spawn(gate, list_next(walk, round));
    co_await gate.close();
  }
  sort_by_path(walk.found);
  co_return std::move(walk.found);
}

std::vector<Found> walk_local(CopyRun& run, const std::string& folder, Side side) {
  LocalWalk walk{.run = run, .root = folder, .side = side, .found = {}};
  walk.list("");
  sort_by_path(walk.found);
  return std::move(walk.found);
}

std::string below_remote(const std::string& folder, const std::string& path) {
  std::string out = folder;
  if (!out.empty() && !path.empty()) out += '\\';
  out += path;
  std::replace(out.begin() + static_cast<std::ptrdiff_t>(folder.size()), out.end(), '/', '\\');
  return out;
}

std::string below_local(const std::string& folder, const std::string& path) {
  if (path.empty()) return folder;
  return folder.ends_with('/') ? folder + path : folder + "/" + path;
}

}  // namespace dozo::cli
