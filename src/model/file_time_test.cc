#include "model/file_time.h"

#include <gtest/gtest.h>

namespace dozo {
namespace {

TEST(FileTime, the_unix_epoch_is_where_the_specification_has_it) {
  EXPECT_EQ(FileTime::from_wall(WallTime{}).ticks, 116444736000000000u);
  EXPECT_EQ(FileTime{116444736000000000u}.to_wall(), WallTime{});
}

TEST(FileTime, keeps_hundreds_of_nanoseconds) {
  const WallTime t{Duration(1'234'567'890'123'456'789)};
  EXPECT_EQ(FileTime::from_wall(t).to_wall(), WallTime{Duration(1'234'567'890'123'456'700)});
}

TEST(FileTime, times_before_1970_go_there_and_back) {
  const WallTime t{std::chrono::seconds(-86400)};
  EXPECT_EQ(FileTime::from_wall(t).to_wall(), t);
}

TEST(FileTime, what_64_bits_of_nanoseconds_cannot_hold_saturates) {
  EXPECT_GT(FileTime{~0ull}.to_wall(), WallTime{std::chrono::years(290)});
  EXPECT_LT(FileTime{0}.to_wall(), WallTime{std::chrono::years(-290)});
}

TEST(FileTime, years_that_nanoseconds_cannot_count_go_to_a_file_system_and_back) {
  constexpr std::int64_t kYear2446 = 15'032'385'535;  // the last that ext4 holds
  for (const std::int64_t seconds : {kYear2446, std::int64_t{-2}, std::int64_t{0}, std::int64_t{-11'644'473'600}}) {
    const FileTime time = FileTime::from_unix(seconds, 123'456'700);
    EXPECT_EQ(time.to_unix().seconds, seconds);
    EXPECT_EQ(time.to_unix().ns, 123'456'700u);
  }
}

TEST(FileTime, seconds_beyond_what_ticks_hold_saturate) {
  EXPECT_EQ(FileTime::from_unix(INT64_MIN, 0), FileTime{0});
  EXPECT_LT(FileTime::from_unix(INT64_MAX, 0), FileTime{INT64_MAX});
  EXPECT_GT(FileTime::from_unix(INT64_MAX, 0), FileTime::from_unix(15'032'385'535, 0));
}

TEST(FileTime, order_is_that_of_time) { EXPECT_LT(FileTime{1}, FileTime{2}); }

}  // namespace
}  // namespace dozo
