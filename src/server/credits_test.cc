#include "server/credits.h"

#include <gtest/gtest.h>

namespace dozo::server {
namespace {

TEST(CreditWindow, a_new_connection_may_use_message_id_zero_and_nothing_else) {
  CreditWindow window(16);
  EXPECT_FALSE(window.take(MessageId(1), 1));
  EXPECT_TRUE(window.take(MessageId(0), 1));
  EXPECT_FALSE(window.take(MessageId(0), 1));
}

TEST(CreditWindow, granted_ids_may_be_used_in_any_order_and_once) {
  CreditWindow window(16);
  ASSERT_TRUE(window.take(MessageId(0), 1));
  EXPECT_EQ(window.grant(4), 4);
  EXPECT_TRUE(window.take(MessageId(3), 1));
  EXPECT_TRUE(window.take(MessageId(1), 2));
  EXPECT_FALSE(window.take(MessageId(3), 1));
  EXPECT_TRUE(window.take(MessageId(4), 1));
  EXPECT_EQ(window.available(), 0u);
}

TEST(CreditWindow, a_charge_that_reaches_beyond_what_was_granted_is_refused) {
  CreditWindow window(16);
  ASSERT_TRUE(window.take(MessageId(0), 1));
  window.grant(4);
  EXPECT_FALSE(window.take(MessageId(3), 3));
  EXPECT_FALSE(window.take(MessageId(~0ull), 1));
}

TEST(CreditWindow, a_client_without_credits_is_given_one_although_it_asks_for_none) {
  CreditWindow window(16);
  ASSERT_TRUE(window.take(MessageId(0), 1));
  EXPECT_EQ(window.grant(0), 1);
  EXPECT_EQ(window.grant(0), 0);
}

TEST(CreditWindow, never_more_than_the_maximum_is_outstanding) {
  CreditWindow window(16);
  ASSERT_TRUE(window.take(MessageId(0), 1));
  EXPECT_EQ(window.grant(1000), 16);
  EXPECT_EQ(window.grant(1), 0);
  ASSERT_TRUE(window.take(MessageId(1), 1));
  EXPECT_EQ(window.grant(5), 1);
}

TEST(CreditWindow, an_id_that_stays_unused_bounds_the_window) {
  CreditWindow window(4);
  ASSERT_TRUE(window.take(MessageId(0), 1));
  ASSERT_EQ(window.grant(4), 4);  // ids 1 to 4
  std::uint64_t next = 2;
  while (window.take(MessageId(next), 1)) {
    ++next;
    window.grant(1);
  }
  EXPECT_LE(next, 10u);
  EXPECT_TRUE(window.take(MessageId(1), 1));
}

TEST(CreditWindow, works_over_many_turns_of_the_ring) {
  CreditWindow window(8);
  for (std::uint64_t id = 0; id < 1000; ++id) {
    ASSERT_TRUE(window.take(MessageId(id), 1)) << id;
    ASSERT_EQ(window.grant(1), 1);
  }
}

}  // namespace
}  // namespace dozo::server
