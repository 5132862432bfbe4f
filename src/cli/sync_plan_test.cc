#include "cli/sync_plan.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace dozo::cli {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

FileTime at(std::int64_t seconds, std::uint32_t ns = 123'456'700) { return FileTime::from_unix(seconds, ns); }
Found file(std::string path, std::uint64_t size = 1, FileTime written = at(1000)) {
  return {.path = std::move(path), .size = size, .written = written};
}
Found folder(std::string path) { return {.path = std::move(path), .is_folder = true}; }
std::vector<std::string> paths(const std::vector<Found>& found) {
  std::vector<std::string> out;
  for (const Found& one : found) out.push_back(one.path);
  return out;
}

TEST(SyncPlan, what_is_the_same_is_left_alone) {
  const SyncPlan plan = plan_sync({folder("a"), file("a/b")}, {folder("a"), file("a/b")}, {});
  EXPECT_EQ(plan.unchanged, 1u);
  EXPECT_TRUE(plan.copies.empty() && plan.folders.empty() && plan.removals.empty());
}

TEST(SyncPlan, what_is_new_or_of_another_size_or_time_is_copied) {
  const SyncPlan plan = plan_sync({folder("new"), file("new/x"), file("size", 2), file("time", 1, at(2000))},
                                  {file("size", 1), file("time", 1, at(1000))}, {});
  EXPECT_THAT(plan.folders, ElementsAre("new"));
  EXPECT_THAT(paths(plan.copies), ElementsAre("new/x", "size", "time"));
}

TEST(SyncPlan, what_the_source_has_not_is_removed_only_when_asked_and_from_the_leaves_up) {
  const std::vector<Found> target{folder("a"), file("a/b"), file("keep")};
  EXPECT_TRUE(plan_sync({file("keep")}, target, {}).removals.empty());
  EXPECT_THAT(paths(plan_sync({file("keep")}, target, {.remove = true}).removals), ElementsAre("a/b", "a"));
}

TEST(SyncPlan, names_that_differ_in_case_are_one_name) {
  const SyncPlan plan = plan_sync({file("README"), file("readme")}, {file("ReadMe")}, {.remove = true});
  EXPECT_EQ(plan.unchanged, 1u);
  EXPECT_TRUE(plan.removals.empty());
  EXPECT_THAT(plan.problems, ElementsAre(HasSubstr("readme: left out: differs from \"README\" in case alone")));
}

TEST(SyncPlan, a_folder_and_a_file_do_not_replace_each_other) {
  const SyncPlan plan = plan_sync({file("x"), folder("y"), file("y/z")}, {folder("x"), file("y")}, {});
  EXPECT_TRUE(plan.copies.empty());
  EXPECT_THAT(plan.problems, ElementsAre(HasSubstr("a folder is in its place"), HasSubstr("in its place")));
}

TEST(SyncPlan, links_are_left_out_and_not_removed) {
  Found link = file("link");
  link.is_link = true;
  const SyncPlan plan = plan_sync({link}, {file("link")}, {.remove = true});
  EXPECT_TRUE(plan.copies.empty() && plan.removals.empty());
  EXPECT_EQ(plan.problems.size(), 1u);
}

TEST(SyncPlan, by_content_everything_of_one_size_is_compared) {
  const SyncPlan plan = plan_sync({file("a"), file("b", 2)}, {file("a"), file("b", 1)}, {.by_content = true});
  EXPECT_THAT(paths(plan.unsure), ElementsAre("a"));
  EXPECT_THAT(paths(plan.copies), ElementsAre("b"));
}

TEST(SyncPlan, times_are_compared_as_the_coarser_clock_can) {
  EXPECT_TRUE(same_time(at(1001, 5000), at(1001, 5000)));
  EXPECT_FALSE(same_time(at(1001, 5000), at(1001, 5100)));
  EXPECT_TRUE(same_time(at(1001, 999'000'000), at(1001, 0))) << "seconds";
  EXPECT_TRUE(same_time(at(1001, 999'000'000), at(1000, 0))) << "even seconds";
  EXPECT_FALSE(same_time(at(1003, 0), at(1001, 0))) << "both are whole, and differ";
}

}  // namespace
}  // namespace dozo::cli
