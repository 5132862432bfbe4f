#include "scan/progress.h"

#include <gtest/gtest.h>

namespace dozo::scan {
namespace {

TargetList targets(const char* word) { return *TargetList::parse({word}, {}, nullptr); }

TEST(Progress, comes_back_from_its_text) {
  const TargetList all = targets("192.0.2.0/24");
  Progress progress(all, 42);
  for (const std::uint64_t place : {0u, 1u, 2u, 7u, 5u, 255u}) progress.mark(place);
  const auto again = Progress::parse(progress.text(), all);
  ASSERT_TRUE(again) << again.error();
  EXPECT_EQ(again->seed(), 42u);
  EXPECT_EQ(again->done(), 6u);
  for (std::uint64_t place = 0; place < 256; ++place) EXPECT_EQ(again->knows(place), progress.knows(place)) << place;
}

TEST(Progress, is_one_number_where_nothing_is_left_out) {
  const TargetList all = targets("192.0.2.0/24");
  Progress progress(all, 1);
  for (std::uint64_t place = 256; place-- > 0;) progress.mark(place);
  EXPECT_EQ(progress.done(), 256u);
  EXPECT_EQ(progress.text().find("and"), std::string::npos);
}

TEST(Progress, of_other_targets_is_refused) {
  const std::string text = Progress(targets("192.0.2.0/24"), 1).text();
  EXPECT_FALSE(Progress::parse(text, targets("192.0.3.0/24")));
}

TEST(Progress, that_is_damaged_is_refused) {
  const TargetList all = targets("192.0.2.0/24");
  const std::string text = Progress(all, 1).text();
  for (std::size_t size = 0; size < text.size(); ++size)
    EXPECT_FALSE(Progress::parse(text.substr(0, size), all)) << size;
  EXPECT_FALSE(Progress::parse(text + "more", all));
}

}  // namespace
}  // namespace dozo::scan
