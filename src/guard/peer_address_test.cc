#include "guard/peer_address.h"

#include <gtest/gtest.h>

namespace dozo::guard {
namespace {

TEST(PeerAddress, ipv4_is_written_in_dots_and_ipv6_in_groups) {
  EXPECT_EQ(to_string(PeerAddress::from_v4({192, 0, 2, 1})), "192.0.2.1");
  EXPECT_EQ(to_string(PeerAddress::from_v6({0x20, 0x01, 0x0d, 0xb8})), "2001:db8:0:0:0:0:0:0");
}

TEST(PeerAddress, ipv6_is_counted_by_its_network_and_ipv4_as_itself) {
  const auto a = PeerAddress::from_v6({0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 1, 1, 2, 3, 4, 5, 6, 7, 8});
  const auto b = PeerAddress::from_v6({0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 1, 9, 9, 9, 9, 9, 9, 9, 9});
  const auto c = PeerAddress::from_v6({0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 2, 1, 2, 3, 4, 5, 6, 7, 8});
  EXPECT_EQ(a.counted_as(), b.counted_as());
  EXPECT_NE(a.counted_as(), c.counted_as());
  EXPECT_NE(PeerAddress::from_v4({10, 0, 0, 1}).counted_as(), PeerAddress::from_v4({10, 0, 0, 2}).counted_as());
}

}  // namespace
}  // namespace dozo::guard
