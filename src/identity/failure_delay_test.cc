#include "identity/failure_delay.h"

#include <gtest/gtest.h>

#include <string>

#include "model/nt_status.h"

namespace dozo::identity {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

const Instant kStart = Instant(std::chrono::hours(1));

TEST(FailureDelay, takes_settings_in_steps_of_100_up_to_ten_seconds) {
  EXPECT_EQ(failure_delay_from_ms(0), milliseconds(0));
  EXPECT_EQ(failure_delay_from_ms(10000), milliseconds(10000));
  for (const int bad : {-100, 50, 150, 10100}) {
    EXPECT_EQ(failure_delay_from_ms(bad).error(), NtStatus::INVALID_PARAMETER) << bad;
  }
}

TEST(FailureDelay, one_failure_waits_two_seconds) {
  FailureDelay delay({});
  EXPECT_EQ(delay.on_failure("alice", "192.0.2.1", kStart), seconds(2));
}

TEST(FailureDelay, no_delay_means_none_and_remembers_nobody) {
  FailureDelay delay({.delay = milliseconds(0)});
  for (int i = 0; i < 5; ++i) EXPECT_EQ(delay.on_failure("alice", "192.0.2.1", kStart), Duration::zero());
  EXPECT_EQ(delay.entry_count(), 0u);
}

TEST(FailureDelay, guessing_in_parallel_over_many_addresses_is_no_faster) {
  FailureDelay delay({});
  for (int i = 1; i <= 10; ++i) {
    const std::string address = "192.0.2." + std::to_string(i);
    EXPECT_EQ(delay.on_failure(i % 2 == 0 ? "alice" : "ALICE", address, kStart), seconds(2 * i));
  }
}

TEST(FailureDelay, guessing_many_accounts_from_one_address_is_no_faster) {
  FailureDelay delay({});
  for (int i = 1; i <= 10; ++i) {
    EXPECT_EQ(delay.on_failure("user" + std::to_string(i), "192.0.2.1", kStart), seconds(2 * i));
  }
}

TEST(FailureDelay, failures_one_after_the_other_wait_no_longer) {
  FailureDelay delay({});
  for (int i = 0; i < 5; ++i) {
    EXPECT_EQ(delay.on_failure("alice", "192.0.2.1", kStart + i * seconds(2)), seconds(2));
  }
}

TEST(FailureDelay, another_account_from_another_address_is_not_held_up) {
  FailureDelay delay({});
  for (int i = 0; i < 1000; ++i) delay.on_failure("alice", "192.0.2.1", kStart);
  EXPECT_EQ(delay.on_failure("bob", "192.0.2.2", kStart), seconds(2));
}

TEST(FailureDelay, no_answer_waits_longer_than_the_backlog_allows) {
  FailureDelay delay({});
  for (int i = 0; i < 1000; ++i) EXPECT_LE(delay.on_failure("alice", "192.0.2.1", kStart), seconds(60));
}

TEST(FailureDelay, a_success_clears_the_account_and_not_the_address) {
  FailureDelay delay({});
  for (int i = 0; i < 5; ++i) delay.on_failure("alice", "192.0.2.1", kStart);
  delay.on_success("Alice");
  EXPECT_EQ(delay.on_failure("alice", "192.0.2.2", kStart), seconds(2));
  EXPECT_EQ(delay.on_failure("bob", "192.0.2.1", kStart), seconds(12));
}

TEST(FailureDelay, memory_is_bounded_and_the_least_recent_goes_first) {
  FailureDelay delay({.entries_max = 10});
  delay.on_failure("first", "192.0.2.1", kStart);
  for (int i = 0; i < 9; ++i) delay.on_failure("u" + std::to_string(i), "a" + std::to_string(i), kStart);
  EXPECT_EQ(delay.on_failure("first", "elsewhere", kStart), seconds(4)) << "still known";
  for (int i = 10; i < 10000; ++i) {
    delay.on_failure("u" + std::to_string(i), "a" + std::to_string(i), kStart);
    ASSERT_LE(delay.entry_count(), 20u);
  }
  EXPECT_EQ(delay.on_failure("first", "192.0.2.1", kStart), seconds(2)) << "forgotten";
}

TEST(FailureDelay, what_has_been_quiet_is_forgotten) {
  FailureDelay delay({});
  delay.on_failure("alice", "192.0.2.1", kStart);
  EXPECT_EQ(delay.entry_count(), 2u);
  delay.on_failure("bob", "192.0.2.2", kStart + std::chrono::hours(1));
  EXPECT_EQ(delay.entry_count(), 2u);
}

TEST(FailureDelay, a_client_that_names_no_account_counts_by_its_address) {
  FailureDelay delay({});
  EXPECT_EQ(delay.on_failure("", "192.0.2.1", kStart), seconds(2));
  EXPECT_EQ(delay.on_failure("", "192.0.2.1", kStart), seconds(4));
  EXPECT_EQ(delay.on_failure("", "192.0.2.2", kStart), seconds(2));
}

}  // namespace
}  // namespace dozo::identity
