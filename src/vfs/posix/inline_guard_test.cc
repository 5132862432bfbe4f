#include "vfs/posix/inline_guard.h"

#include <gtest/gtest.h>
#include <unistd.h>

namespace dozo::vfs::posix {
namespace {

constexpr Duration kQuick = std::chrono::microseconds(20);
constexpr Duration kSlow = InlineGuard::kSlow + std::chrono::milliseconds(1);

int denied(InlineGuard& guard) {
  int n = 0;
  while (!guard.allows()) ++n;
  return n;
}

TEST(InlineGuard, quick_transfers_stay_on_the_loop_and_are_not_looked_at) {
  InlineGuard guard;
  for (int i = 0; i < 1000; ++i) guard.note(kQuick, true);
  EXPECT_TRUE(guard.allows());
  EXPECT_FALSE(guard.suspects());
}

TEST(InlineGuard, transfers_that_block_twice_go_to_others) {
  InlineGuard guard;
  guard.note(kSlow, false);
  EXPECT_TRUE(guard.suspects());
  EXPECT_TRUE(guard.allows());
  guard.note(kSlow, true);
  EXPECT_EQ(denied(guard), InlineGuard::kOffloaded);
}

TEST(InlineGuard, a_disk_that_stays_slow_costs_one_delay_in_so_many) {
  InlineGuard guard;
  guard.note(kSlow, false);
  for (int i = 0; i < 3; ++i) {
    guard.note(kSlow, true);
    EXPECT_EQ(denied(guard), InlineGuard::kOffloaded);
  }
}

// Slow by the clock, but the thread was never blocked: somebody else had the processor.
TEST(InlineGuard, a_busy_machine_keeps_its_cached_writes_on_the_loop) {
  InlineGuard guard;
  for (int i = 0; i < 1000; ++i) guard.note(kSlow, false);
  EXPECT_TRUE(guard.allows());
}

TEST(InlineGuard, suspicion_ends_with_the_next_quick_transfer) {
  InlineGuard guard;
  guard.note(kSlow, false);
  guard.note(kQuick, false);
  EXPECT_FALSE(guard.suspects());
}

TEST(TimesBlocked, counts_waiting) {
  const long before = times_blocked();
  ::usleep(1000);
  EXPECT_GT(times_blocked(), before);
}

TEST(TimesBlocked, does_not_count_computing) {
  const long before = times_blocked();
  const SystemClock clock;
  const Instant end = clock.now() + std::chrono::milliseconds(5);
  while (clock.now() < end) {
  }
  EXPECT_EQ(times_blocked(), before);
}

}  // namespace
}  // namespace dozo::vfs::posix
