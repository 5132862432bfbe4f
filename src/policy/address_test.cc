#include "policy/address.h"

#include <gtest/gtest.h>

namespace dozo::policy {
namespace {

AddressSpace space(std::initializer_list<std::string_view> texts) {
  std::vector<AddressRange> ranges;
  for (const auto text : texts) ranges.push_back(range_from_string(text).value());
  return AddressSpace::of(ranges);
}

std::vector<std::string> texts(const std::vector<Prefix>& prefixes) {
  std::vector<std::string> all;
  for (const Prefix& p : prefixes) all.push_back(to_string(p));
  return all;
}

TEST(Address, is_written_as_it_was_read) {
  for (const std::string text : {"0.0.0.0", "192.0.2.1", "255.255.255.255", "::", "2001:db8::1", "fe80::1:0:0:2"}) {
    EXPECT_EQ(to_string(address_from_string(text).value()), text);
  }
}

TEST(Address, ipv4_in_ipv6_is_ipv4) {
  EXPECT_EQ(address_from_string("::ffff:192.0.2.1"), address_from_string("192.0.2.1"));
}

TEST(Address, what_is_none_is_refused) {
  for (const auto text : {"", "1.2.3", "1.2.3.4.5", "256.0.0.1", "2001:db8:::1", "host", "1.2.3.4 "}) {
    EXPECT_FALSE(address_from_string(text)) << text;
  }
}

TEST(Prefix, bits_beyond_the_length_are_refused_with_the_network_that_was_meant) {
  EXPECT_EQ(prefix_from_string("10.1.2.3/8").error(),
            "\"10.1.2.3/8\" has bits beyond its length; the network is 10.0.0.0/8");
}

TEST(Prefix, a_length_is_a_number_that_the_family_has) {
  for (const auto text : {"10.0.0.0/33", "::/129", "10.0.0.0/", "10.0.0.0/-1", "10.0.0.0/8x"}) {
    EXPECT_FALSE(prefix_from_string(text)) << text;
  }
  EXPECT_EQ(to_string(prefix_from_string("::/0").value().last()), "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff");
  EXPECT_EQ(to_string(prefix_from_string("0.0.0.0/0").value().last()), "255.255.255.255");
}

TEST(Range, goes_from_lower_to_higher_in_one_family) {
  EXPECT_TRUE(range_from_string("10.0.0.1-10.0.0.9"));
  EXPECT_FALSE(range_from_string("10.0.0.9-10.0.0.1"));
  EXPECT_FALSE(range_from_string("10.0.0.1-::1"));
}

TEST(AddressSpace, neighbours_become_one) {
  EXPECT_EQ(texts(space({"10.0.1.0/24", "10.0.0.0/24"}).prefixes()), std::vector<std::string>{"10.0.0.0/23"});
  EXPECT_EQ(space({"10.0.0.0/8", "10.1.0.0/16"}), space({"10.0.0.0/8"}));
}

TEST(AddressSpace, a_range_becomes_the_fewest_prefixes) {
  EXPECT_EQ(texts(space({"10.0.0.1-10.0.0.6"}).prefixes()),
            (std::vector<std::string>{"10.0.0.1/32", "10.0.0.2/31", "10.0.0.4/31", "10.0.0.6/32"}));
}

TEST(AddressSpace, everything_is_one_prefix_of_each_family_and_its_complement_is_nothing) {
  EXPECT_EQ(texts(AddressSpace::everything().prefixes()), (std::vector<std::string>{"0.0.0.0/0", "::/0"}));
  EXPECT_TRUE(AddressSpace::everything().complement().empty());
  EXPECT_EQ(AddressSpace().complement(), AddressSpace::everything());
}

TEST(AddressSpace, set_algebra_holds_at_the_ends_of_the_families) {
  const AddressSpace ends = space({"0.0.0.0", "255.255.255.255", "::", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"});
  EXPECT_EQ(ends.complement().complement(), ends);
  EXPECT_TRUE(ends.common(ends.complement()).empty());
  EXPECT_EQ(ends.united(ends.complement()), AddressSpace::everything());
  EXPECT_EQ(AddressSpace::everything().without(ends), ends.complement());
}

TEST(AddressSpace, contains_what_is_in_it_of_its_family_alone) {
  const AddressSpace s = space({"10.0.0.0/8", "::/8"});
  EXPECT_TRUE(s.contains(*address_from_string("10.255.255.255")));
  EXPECT_FALSE(s.contains(*address_from_string("11.0.0.0")));
  EXPECT_FALSE(space({"::/0"}).contains(*address_from_string("10.0.0.1")));
}

TEST(IntervalSet, ports_reach_to_the_highest) {
  const IntervalSet<std::uint16_t> ports(1024, 65535);
  EXPECT_EQ(ports.complement(65535), (IntervalSet<std::uint16_t>(0, 1023)));
  EXPECT_EQ(ports.without({2000, 65535}), (IntervalSet<std::uint16_t>(1024, 1999)));
}

TEST(Mac, is_six_pairs_with_one_kind_of_separator) {
  EXPECT_EQ(to_string(mac_from_string("02-00-5E-10-00-01").value()), "02:00:5e:10:00:01");
  for (const auto text : {"", "02:00:5e:10:00", "02:00-5e:10:00:01", "02:00:5e:10:00:0g", "02.00.5e.10.00.01"}) {
    EXPECT_FALSE(mac_from_string(text)) << text;
  }
}

}  // namespace
}  // namespace dozo::policy
