#include "cli/sync_plan.h"

#include <algorithm>
#include <functional>
#include <map>

#include "base/unicode.h"

namespace dozo::cli {
namespace {

using ByName = std::map<std::u16string, const Found*>;

bool is_whole(FileTime time, std::uint64_t seconds) { return time.ticks % (seconds * 10'000'000) == 0; }

bool is_folder(const Found& one) { return one.is_folder && !one.is_link; }

ByName by_name(const std::vector<Found>& found) {
  ByName out;
  for (const Found& one : found) out.emplace(fold_name(one.path), &one);
  return out;
}

// Whether a folder above the path is to be removed as well, or could not be made.
bool is_below_any(const std::string& path, const std::vector<std::string>& folders) {
  return std::ranges::any_of(folders, [&](const std::string& folder) { return path.starts_with(folder + "/"); });
}

class Planner {
 public:
  Planner(const std::vector<Found>& target, SyncRules rules) : there_(by_name(target)), rules_(rules) {}

  void take(const Found& one) {
    if (is_below_any(one.path, given_up_)) return;
    const auto [known, first] = seen_.emplace(fold_name(one.path), &one);
    if (!first) return give_up(one, "differs from \"" + known->second->path + "\" in case alone");
    if (one.is_link) return give_up(one, "it is a link");
    const auto found = there_.find(fold_name(one.path));
    const Found* other = found == there_.end() ? nullptr : found->second;
    if (other != nullptr && is_folder(*other) != is_folder(one)) return replace(one, *other);
    if (other == nullptr) return make(one);
    if (is_folder(one)) return;
    compare(one, *other);
  }

  void remove_others(const std::vector<Found>& target) {
    for (const Found& one : target) {
      if (!seen_.contains(fold_name(one.path))) plan_.removals.push_back(one);
    }
    // What is in a folder goes before it.
    std::ranges::sort(plan_.removals, std::greater<>{}, &Found::path);
  }

  SyncPlan take_plan() { return std::move(plan_); }

 private:
  void give_up(const Found& one, const std::string& why) {
    plan_.problems.push_back(one.path + ": left out: " + why);
    if (one.is_folder) given_up_.push_back(one.path);
  }
  void make(const Found& one) {
    if (is_folder(one)) plan_.folders.push_back(one.path);
    if (!is_folder(one)) plan_.copies.push_back(one);
  }
  void replace(const Found& one, const Found& other) {
    give_up(one, is_folder(other) ? "a folder is in its place" : "a file or link is in its place");
  }
  void compare(const Found& one, const Found& other) {
    if (one.size != other.size) return make(one);
    if (rules_.by_content) {
      plan_.unsure.push_back(one);
    } else if (same_time(one.written, other.written)) {
      ++plan_.unchanged;
    } else {
      make(one);
    }
  }

  ByName there_;
  ByName seen_;
  SyncRules rules_;
  SyncPlan plan_;
  std::vector<std::string> given_up_;
};

}  // namespace

bool same_time(FileTime a, FileTime b) {
  const std::uint64_t difference = a.ticks > b.ticks ? a.ticks - b.ticks : b.ticks - a.ticks;
  if (difference == 0) return true;
  if (is_whole(a, 1) == is_whole(b, 1)) return false;  // both are exact, or both are coarse
  if (is_whole(a, 2) || is_whole(b, 2)) return difference < 20'000'000;
  return difference < 10'000'000;
}

SyncPlan plan_sync(const std::vector<Found>& source, const std::vector<Found>& target, SyncRules rules) {
  Planner planner(target, rules);
  for (const Found& one : source) planner.take(one);
  if (rules.remove) planner.remove_others(target);
  return planner.take_plan();
}

}  // namespace dozo::cli
