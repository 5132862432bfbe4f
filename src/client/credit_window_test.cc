#include "client/credit_window.h"

#include <gtest/gtest.h>

#include <vector>

#include "runtime/gate.h"
#include "runtime/task.h"

namespace dozo::client {
namespace {

runtime::Task<void> take(CreditWindow& window, std::uint64_t n, std::vector<std::int64_t>& ids) {
  const bool granted = co_await window.take(n);
  ids.push_back(granted ? static_cast<std::int64_t>(window.first_id()) : -1);
}

TEST(CreditWindow, starts_with_the_id_zero_and_gives_consecutive_ids) {
  runtime::Gate gate;
  CreditWindow window(6);
  std::vector<std::int64_t> ids;
  for (const std::uint64_t n : {1u, 3u, 2u}) runtime::spawn(gate, take(window, n, ids));
  EXPECT_EQ(ids, (std::vector<std::int64_t>{0, 1, 4}));
  EXPECT_EQ(window.available(), 0u);
  EXPECT_EQ(window.in_flight(), 6u);
}

TEST(CreditWindow, who_asked_first_is_served_first_even_when_a_later_one_would_fit) {
  runtime::Gate gate;
  CreditWindow window(1);
  std::vector<std::int64_t> ids;
  runtime::spawn(gate, take(window, 3, ids));
  runtime::spawn(gate, take(window, 1, ids));
  EXPECT_TRUE(ids.empty());
  window.grant(3, 0);
  EXPECT_EQ(ids, (std::vector<std::int64_t>{0, 3}));
}

TEST(CreditWindow, close_refuses_the_waiters_and_all_who_come_later) {
  runtime::Gate gate;
  CreditWindow window(0);
  std::vector<std::int64_t> ids;
  runtime::spawn(gate, take(window, 1, ids));
  window.close();
  runtime::spawn(gate, take(window, 1, ids));
  EXPECT_EQ(ids, (std::vector<std::int64_t>{-1, -1}));
}

}  // namespace
}  // namespace dozo::client
