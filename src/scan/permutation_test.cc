#include "scan/permutation.h"

#include <gtest/gtest.h>

#include <set>

namespace dozo::scan {
namespace {

TEST(Permutation, every_number_comes_once) {
  for (const std::uint64_t size : {1u, 2u, 3u, 16u, 17u, 1000u, 4096u}) {
    const Permutation order(size, 42);
    std::set<std::uint64_t> seen;
    for (std::uint64_t i = 0; i < size; ++i) seen.insert(order.at(i));
    EXPECT_EQ(seen.size(), size);
    EXPECT_EQ(*seen.rbegin(), size - 1);
  }
}

TEST(Permutation, a_seed_is_an_order) {
  const Permutation a(1000, 1), again(1000, 1), b(1000, 2);
  int same = 0, moved = 0;
  for (std::uint64_t i = 0; i < 1000; ++i) {
    EXPECT_EQ(a.at(i), again.at(i));
    same += a.at(i) == b.at(i) ? 1 : 0;
    moved += a.at(i) != i ? 1 : 0;
  }
  EXPECT_LT(same, 20);
  EXPECT_GT(moved, 980);
}

TEST(Permutation, neighbours_in_the_order_are_not_neighbours) {
  const Permutation order(std::uint64_t{1} << 16, 7);
  int near = 0;
  for (std::uint64_t i = 0; i + 1 < order.size(); ++i) {
    const auto a = static_cast<std::int64_t>(order.at(i)), b = static_cast<std::int64_t>(order.at(i + 1));
    near += std::abs(a - b) < 256 ? 1 : 0;
  }
  EXPECT_LT(near, 1000);  // of 65,535; an order that is none has all of them
}

TEST(Permutation, holds_all_of_ipv4) {
  const Permutation order(std::uint64_t{1} << 32, 3);
  EXPECT_LT(order.at((std::uint64_t{1} << 32) - 1), std::uint64_t{1} << 32);
  EXPECT_NE(order.at(0), order.at(1));
}

}  // namespace
}  // namespace dozo::scan
