// Microsoft's rules (KB 3185535) line by line in nftables, and what `nft -j` says of them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "policy/backend.h"
#include "policy/emit_text.h"
#include "policy/nft_table.h"
#include "policy/testing/rules_for_tests.h"

namespace dozo::policy {
namespace {

using namespace testing;
using Lines = std::vector<std::string>;

const Backend& nftables() { return *find_backend("nftables"); }

// The rules of a chain, without what is the same in all.
Lines chain(const RuleSet& rules, std::string_view name, Profile profile = Profile::domain) {
  Lines lines;
  bool inside = false;
  for (const TextLine& line : lines_of(compile(nftables(), rules, {.profile = profile}).text)) {
    if (line.text == "}") inside = false;
    if (inside) lines.push_back(line.text);
    if (line.text == fmt::format("chain {} {{", name)) inside = true;
  }
  return lines;
}

std::size_t position(const Lines& lines, std::string_view part) {
  return static_cast<std::size_t>(
      std::ranges::find_if(lines, [&](const std::string& line) { return line.contains(part); }) - lines.begin());
}

TEST(Nftables, microsofts_client_in_its_domain) {
  EXPECT_EQ(chain(microsoft_client(), "input"),
            (Lines{"type filter hook input priority -10; policy accept;", "iif \"lo\" accept comment \"dozo:loopback\"",
                   "ct state established,related accept comment \"dozo:established\"",
                   "tcp dport 445 counter drop comment \"dozo:i5\""}));
  EXPECT_EQ(
      chain(microsoft_client(), "output"),
      (Lines{"type filter hook output priority -10; policy accept;", "oif \"lo\" accept comment \"dozo:loopback\"",
             "ct state established,related accept comment \"dozo:established\"",
             "ip daddr @servers_v4 tcp dport 445 rt ipsec exists counter accept comment \"dozo:o2\"",
             "ip6 daddr @servers_v6 tcp dport 445 rt ipsec exists counter accept comment \"dozo:o2\"",
             "tcp dport 445 counter drop comment \"dozo:o3\""}));
}

TEST(Nftables, microsofts_client_on_a_public_network) {
  EXPECT_EQ(chain(microsoft_client(), "output", Profile::pub).back(), "tcp dport 445 counter drop comment \"dozo:o1\"");
}

TEST(Nftables, microsofts_perimeter_drops_both_ways_and_lets_out_to_azure) {
  const Lines lines = chain(microsoft_perimeter(), "forward");
  const auto has = [&](std::string_view line) { return position(lines, line) < lines.size(); };
  EXPECT_TRUE(has("ip saddr != @inside_v4 ip daddr @inside_v4 tcp dport 445 counter drop comment \"dozo:smb-in\""));
  EXPECT_TRUE(
      has("ip6 saddr != @inside_v6 ip6 daddr @inside_v6 udp dport 137 counter drop comment \"dozo:nbt-ns-in\""));
  EXPECT_TRUE(
      has("ip saddr @inside_v4 ip daddr != @inside_azure_v4 tcp dport 445 counter drop comment \"dozo:smb-out\""));
  EXPECT_TRUE(
      has("ip saddr @inside_v4 ip daddr != @inside_v4 udp dport 138 counter drop comment \"dozo:nbt-dgm-out\""));
  EXPECT_TRUE(has("ip saddr @inside_v4 ip daddr @azure_v4 tcp dport 445 counter accept comment \"dozo:azure\""));
  EXPECT_TRUE(has("log prefix \"dozo azure allow: \""));
}

TEST(Nftables, bans_come_before_what_is_open_and_hold_in_both_directions) {
  const Lines lines = chain(file_server(), "input");
  EXPECT_LT(position(lines, "ip saddr @bans4 tcp dport { 139, 445 } counter drop"), position(lines, "ct state"));
  EXPECT_LT(position(lines, "ip6 saddr @live_bans6 udp dport { 137-138, 443 } counter drop"),
            position(lines, "ct state"));
  const Lines out = chain(file_server(), "output");
  EXPECT_LT(position(out, "ip daddr @bans4 tcp sport { 139, 445 } ct direction reply counter drop"),
            position(out, "ct state"));
}

TEST(Nftables, a_reject_resets_tcp_and_answers_udp) {
  RuleSet rules = file_server();
  rules.rules = {smb_rule("t", Direction::in, Action::reject), smb_rule("u", Direction::in, Action::reject)};
  rules.rules[1].protocol = Protocol::udp;
  const Lines lines = chain(rules, "input");
  EXPECT_EQ(lines[lines.size() - 2], "tcp dport 445 counter reject with tcp reset comment \"dozo:t\"");
  EXPECT_EQ(lines.back(), "udp dport 445 counter reject comment \"dozo:u\"");
}

TEST(Nftables, only_its_own_table_is_made_anew) {
  const Compiled compiled = compile(nftables(), file_server(), {});
  EXPECT_THAT(compiled.text, ::testing::HasSubstr("\ntable inet dozo\ndelete table inet dozo\ntable inet dozo {\n"));
  EXPECT_THAT(compiled.text, ::testing::Not(::testing::HasSubstr("flush")));
  EXPECT_EQ(compiled.undo, "table inet dozo\ndelete table inet dozo\n");
}

TEST(Nftables, a_ban_that_ends_has_its_timeout_and_one_that_ended_is_left_out) {
  RuleSet rules = file_server();
  rules.bans.entries = {{range_from_string("10.1.0.0/16").value(), 1000 + 90061},
                        {range_from_string("10.2.0.0/16").value(), 999}};
  const std::string text = compile(nftables(), rules, {.now = 1000}).text;
  EXPECT_THAT(text, ::testing::HasSubstr("\t\t\t10.1.0.0/16 timeout 1d1h1m1s\n"));
  EXPECT_THAT(text, ::testing::Not(::testing::HasSubstr("10.2.0.0")));
}

TEST(Nftables, timeouts_are_read_as_they_are_written) {
  for (const std::int64_t seconds : {0L, 1L, 59L, 60L, 3600L, 86399L, 90061L, 1'900'000'000L}) {
    EXPECT_EQ(nft_timeout_from(nft_timeout(seconds)), seconds);
  }
  EXPECT_FALSE(nft_timeout_from("5"));
  EXPECT_FALSE(nft_timeout_from("h"));
}

TEST(Bans, where_two_meet_the_longer_one_holds) {
  Bans bans;
  bans.entries = {{range_from_string("10.0.0.0/24").value(), 100},
                  {range_from_string("10.0.0.64/26").value(), 500},
                  {range_from_string("10.0.0.0/30").value(), {}},
                  {range_from_string("10.0.0.0/8").value(), 5}};
  const auto entries = bans_at(bans, 10);
  ASSERT_EQ(entries.size(), 4U);
  EXPECT_EQ(short_text(entries[0].range), "10.0.0.0/30");
  EXPECT_FALSE(entries[0].until);
  EXPECT_EQ(short_text(entries[1].range), "10.0.0.4-10.0.0.63");
  EXPECT_EQ(entries[2].until, 500);
  EXPECT_EQ(short_text(entries[3].range), "10.0.0.128/25");
}

// What `nft -j list table inet dozo` of nft 1.0.6 says of this table, as it was made.
RuleSet small() {
  RuleSet rules;
  rules.host = "small";
  rules.sets["trusted"] = {space({"10.0.0.0/8", "192.168.0.1-192.168.0.5", "192.168.7.7"}), "", 1};
  rules.mac_sets["cards"] = {*mac_from_string("02:00:5e:10:00:01")};
  Rule rule = smb_rule("other", Direction::in, Action::block);
  rule.ports = PortSet::of({{445, 445}, {5000, 5010}});
  rule.from = {AddressMatch::Kind::not_in, "trusted"};
  rule.macs = "cards";
  rules.rules = {rule};
  return rules;
}
std::string small_live(std::string_view mac = "02:00:5e:10:00:01", std::string_view port = "445",
                       std::string_view before = "") {
  return fmt::format(
      R"({{"nftables":[{{"metainfo":{{"version":"1.0.6"}}}},{{"table":{{"family":"inet","name":"dozo","handle":9}}}},
{{"set":{{"name":"trusted_v4","type":"ipv4_addr","flags":["interval"],"elem":[
 {{"prefix":{{"addr":"10.0.0.0","len":8}}}},
 {{"range":["192.168.0.1","192.168.0.5"]}},"192.168.7.7"]}}}},
{{"set":{{"name":"bans4","type":"ipv4_addr","flags":["interval","timeout"]}}}},
{{"set":{{"name":"live_bans4","type":"ipv4_addr","size":65536,"flags":["timeout"],
 "elem":[{{"elem":{{"val":"1.2.3.4","timeout":60,"expires":59}}}}]}}}},
{{"set":{{"name":"trusted_v6","type":"ipv6_addr"}}}},{{"set":{{"name":"bans6","type":"ipv6_addr"}}}},
{{"set":{{"name":"live_bans6","type":"ipv6_addr"}}}},
{{"set":{{"name":"cards_mac","type":"ether_addr","elem":["{}"]}}}},
{{"chain":{{"name":"input","type":"filter","hook":"input","prio":-10,"policy":"accept"}}}},
{{"chain":{{"name":"output","type":"filter","hook":"output","prio":-10,"policy":"accept"}}}},
{{"rule":{{"chain":"input","comment":"dozo:loopback","expr":[{{"match":{{"op":"==","left":{{"meta":{{"key":"iif"}}}},
 "right":"lo"}}}},{{"accept":null}}]}}}},
{{"rule":{{"chain":"input","comment":"dozo:established","expr":[{{"match":{{"op":"in","left":{{"ct":{{"key":"state"}}}},
 "right":["established","related"]}}}},{{"accept":null}}]}}}},{}
{{"rule":{{"chain":"input","comment":"dozo:other","expr":[{{"match":{{"op":"!=","left":{{"payload":{{"protocol":"ip",
 "field":"saddr"}}}},"right":"@trusted_v4"}}}},{{"match":{{"op":"==","left":{{"payload":{{"protocol":"ether",
 "field":"saddr"}}}},"right":"@cards_mac"}}}},{{"match":{{"op":"==","left":{{"payload":{{"protocol":"tcp",
 "field":"dport"}}}},"right":{{"set":[{},{{"range":[5000,5010]}}]}}}}}},{{"counter":{{"packets":7,"bytes":400}}}},
 {{"drop":null}}]}}}},
{{"rule":{{"chain":"input","comment":"dozo:other","expr":[{{"match":{{"op":"!=","left":{{"payload":{{"protocol":"ip6",
 "field":"saddr"}}}},"right":"@trusted_v6"}}}},{{"match":{{"op":"==","left":{{"payload":{{"protocol":"ether",
 "field":"saddr"}}}},"right":"@cards_mac"}}}},{{"match":{{"op":"==","left":{{"payload":{{"protocol":"tcp",
 "field":"dport"}}}},"right":{{"set":[445,{{"range":[5000,5010]}}]}}}}}},{{"counter":{{"packets":0,"bytes":0}}}},
 {{"drop":null}}]}}}},
{{"rule":{{"chain":"output","comment":"dozo:loopback","expr":[{{"match":{{"op":"==","left":{{"meta":{{"key":"oif"}}}},
 "right":"lo"}}}},{{"accept":null}}]}}}},
{{"rule":{{"chain":"output","comment":"dozo:established","expr":[{{"match":{{"op":"in","left":{{"ct":{{"key":
 "state"}}}},"right":["established","related"]}}}},{{"accept":null}}]}}}}]}})",
      mac, before, port);
}

std::vector<Drift> nftables_drifted(const std::string& nftables_live) {
  return drift(nftables(), nftables_live, small(), {}).value();
}

TEST(NftablesDrift, what_is_as_wanted_is_none_whatever_was_counted_and_banned_meanwhile) {
  EXPECT_EQ(nftables_drifted(small_live()), std::vector<Drift>{});
}

TEST(NftablesDrift, a_set_a_port_and_a_rule_of_somebody_else_are_told) {
  EXPECT_EQ(nftables_drifted(small_live("02:00:5e:10:00:02")).at(0).what, "set cards_mac");
  EXPECT_EQ(nftables_drifted(small_live("02:00:5e:10:00:01", "446")).size(), 2U) << "one is missing, one too many";
  const auto drifts = nftables_drifted(small_live("02:00:5e:10:00:01", "445",
                                                  R"({"rule":{"chain":"input","expr":[{"match":{"op":"==","left":
 {"meta":{"key":"mark"}},"right":1}},{"accept":null}]}},)"));
  ASSERT_EQ(drifts.size(), 1U);
  EXPECT_EQ(drifts[0].kind, Drift::Kind::extra);
  EXPECT_THAT(drifts[0].detail, ::testing::HasSubstr("mark"));
}

TEST(NftablesDrift, an_address_that_was_added_or_lost_is_told) {
  std::string nftables_live = small_live();
  nftables_live.replace(nftables_live.find("\"192.168.7.7\""), 13, "\"192.168.7.8\"");
  const auto drifts = nftables_drifted(nftables_live);
  ASSERT_EQ(drifts.size(), 2U);
  EXPECT_EQ(drifts[0].detail, "192.168.7.7 is not in it");
  EXPECT_EQ(drifts[1].detail, "192.168.7.8 is in it, and should not be");
}

TEST(NftablesDrift, no_table_is_every_set_and_chain_missing) {
  EXPECT_EQ(nftables_drifted(R"({"nftables":[{"metainfo":{}}]})").size(), 7U) << "five sets and two chains";
}

}  // namespace
}  // namespace dozo::policy
