#include "scan/clock_skew.h"

#include <gtest/gtest.h>

namespace dozo::scan {
namespace {

constexpr FileTime kNow{133'000'000'000'000'000};

TEST(ClockSkew, is_rounded_to_the_nearest_second_both_ways) {
  EXPECT_EQ(clock_skew_s({kNow.ticks + 14'000'000}, kNow), 1);
  EXPECT_EQ(clock_skew_s({kNow.ticks + 16'000'000}, kNow), 2);
  EXPECT_EQ(clock_skew_s({kNow.ticks - 16'000'000}, kNow), -2);
}

TEST(ClockSkew, of_a_time_that_no_clock_shows_is_a_number_all_the_same) {
  EXPECT_GT(clock_skew_s({UINT64_MAX}, kNow), 0);
  EXPECT_LT(clock_skew_s({0}, {UINT64_MAX}), 0);
}

}  // namespace
}  // namespace dozo::scan
