// What words stand for which hosts.
#include "scan/targets.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace dozo::scan {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::vector<Address> resolve(const std::string& name, std::string& error) {
  if (name == "files.example") return {*parse_address("192.0.2.7"), *parse_address("2001:db8::7")};
  error = "nobody knows the name";
  return {};
}

std::expected<TargetList, std::string> parse(const std::vector<std::string>& words,
                                             const std::vector<std::string>& excluded = {}) {
  return TargetList::parse(words, excluded, resolve);
}

std::vector<std::string> hosts(const std::vector<std::string>& words, const std::vector<std::string>& excluded = {}) {
  const auto list = parse(words, excluded);
  if (!list) return {list.error()};
  std::vector<std::string> out;
  for (std::uint64_t i = 0; i < list->count(); ++i) out.push_back(list->at(i).host);
  return out;
}

TEST(Address, is_the_text_it_was) {
  for (const char* text : {"0.0.0.0", "192.0.2.7", "255.255.255.255", "::", "2001:db8::7", "fe80::1:2:3:4"}) {
    ASSERT_TRUE(parse_address(text)) << text;
    EXPECT_EQ(to_string(*parse_address(text)), text);
  }
}

TEST(Address, what_is_none_is_refused) {
  for (const char* text : {"", "192.0.2", "192.0.2.256", "192.0.2.7 ", "fe80::1%eth0", "files", "1.2.3.4.5"}) {
    EXPECT_FALSE(parse_address(text)) << text;
  }
}

TEST(Address, is_the_same_in_an_endpoint) {
  for (const char* text : {"192.0.2.7", "2001:db8::7"}) {
    const runtime::Endpoint endpoint = endpoint_at(*parse_address(text), 445);
    EXPECT_EQ(endpoint.host_text(), text);
    EXPECT_EQ(endpoint.port(), 445);
    EXPECT_EQ(address_of(endpoint), parse_address(text));
  }
}

TEST(Targets, addresses_ranges_and_networks) {
  EXPECT_THAT(hosts({"192.0.2.7"}), ElementsAre("192.0.2.7"));
  EXPECT_THAT(hosts({"192.0.2.7-9"}), ElementsAre("192.0.2.7", "192.0.2.8", "192.0.2.9"));
  EXPECT_THAT(hosts({"192.0.2.255-192.0.3.1"}), ElementsAre("192.0.2.255", "192.0.3.0", "192.0.3.1"));
  EXPECT_THAT(hosts({"192.0.2.7/30"}), ElementsAre("192.0.2.4", "192.0.2.5", "192.0.2.6", "192.0.2.7"));
  EXPECT_THAT(hosts({"2001:db8::ff/127"}), ElementsAre("2001:db8::fe", "2001:db8::ff"));
  EXPECT_THAT(hosts({"2001:db8::1-2001:db8::2"}), ElementsAre("2001:db8::1", "2001:db8::2"));
}

TEST(Targets, networks_are_counted_and_not_written_out) {
  EXPECT_EQ(parse({"10.0.0.0/8"})->count(), 1u << 24);
  EXPECT_EQ(parse({"0.0.0.0/0"})->count(), kAddressesMax);
  EXPECT_EQ(parse({"0.0.0.0/0"})->at(kAddressesMax - 1).host, "255.255.255.255");
  EXPECT_EQ(parse({"2001:db8::/96"})->count(), kAddressesMax);
}

TEST(Targets, an_address_is_scanned_once_however_often_it_is_named) {
  EXPECT_THAT(hosts({"192.0.2.7-9", "192.0.2.8/31", "192.0.2.9"}), ElementsAre("192.0.2.7", "192.0.2.8", "192.0.2.9"));
}

TEST(Targets, a_name_is_its_first_address_and_keeps_its_name) {
  const auto list = parse({"192.0.2.6-8", "files.example"});
  ASSERT_EQ(list->count(), 3u);
  EXPECT_EQ(list->at(0), (Target{"files.example", *parse_address("192.0.2.7")}));
  EXPECT_EQ(list->at(1).host, "192.0.2.6");
  EXPECT_EQ(list->at(2).host, "192.0.2.8");
}

TEST(Targets, what_is_excluded_is_left_out) {
  EXPECT_THAT(hosts({"192.0.2.0/29"}, {"192.0.2.2-5"}),
              ElementsAre("192.0.2.0", "192.0.2.1", "192.0.2.6", "192.0.2.7"));
  EXPECT_THAT(hosts({"192.0.2.7", "192.0.2.9"}, {"files.example"}), ElementsAre("192.0.2.9"));
  EXPECT_THAT(hosts({"files.example"}, {"192.0.2.0/24"}), ElementsAre());
  EXPECT_EQ(parse({"10.0.0.0/8"}, {"10.1.0.0/16"})->count(), (1u << 24) - (1u << 16));
}

TEST(Targets, other_families_are_not_excluded) {
  EXPECT_THAT(hosts({"::192.0.2.7"}, {"192.0.2.7"}), ElementsAre("::192.0.2.7"));
}

TEST(Targets, mistakes_name_the_word) {
  for (const char* word : {"192.0.2.0/33", "192.0.2.0/", "192.0.2.0/x", "x/8", "192.0.2.9-7", "192.0.2.7-256",
                           "192.0.2.7-2001:db8::1", "2001:db8::/64", "2001:db8::1-2001:db9::1", "nobody.example"}) {
    const auto list = parse({word});
    ASSERT_FALSE(list) << word;
    EXPECT_THAT(list.error(), HasSubstr(word));
  }
}

TEST(Targets, a_name_may_have_a_dash) { EXPECT_THAT(hosts({"no-body"}), ElementsAre(HasSubstr("nobody knows"))); }

TEST(Targets, the_same_targets_have_the_same_fingerprint) {
  EXPECT_EQ(parse({"192.0.2.0/24"})->fingerprint(), parse({"192.0.2.0-255"})->fingerprint());
  EXPECT_NE(parse({"192.0.2.0/24"})->fingerprint(), parse({"192.0.2.0/25"})->fingerprint());
}

TEST(Targets, a_file_has_words_and_comments) {
  EXPECT_THAT(target_words("10.0.0.1 10.0.0.2\t# two\n\n#none\r\n files.example\r\n"),
              ElementsAre("10.0.0.1", "10.0.0.2", "files.example"));
  EXPECT_THAT(target_words(""), ElementsAre());
}

}  // namespace
}  // namespace dozo::scan
