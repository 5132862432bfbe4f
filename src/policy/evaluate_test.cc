#include "policy/evaluate.h"

#include <gtest/gtest.h>

#include "policy/backend.h"
#include "policy/testing/rules_for_tests.h"

namespace dozo::policy {
namespace {

using namespace testing;

std::string said(const RuleSet& rules, const Flow& flow) {
  const Verdict v = evaluate(rules, flow);
  return std::string(to_string(v.decision)) + " " + v.rule;
}

Flow secure(Flow flow) {
  flow.ipsec = true;
  return flow;
}
Flow on(Profile profile, Flow flow) {
  flow.profile = profile;
  return flow;
}
Flow open(Flow flow) {
  flow.established = true;
  return flow;
}

TEST(MicrosoftClient, protected_connections_to_servers_override_the_outbound_block) {
  const RuleSet rules = microsoft_client();
  const Flow to_server = smb_flow(Direction::out, "10.0.5.5", "10.0.1.10");
  EXPECT_EQ(said(rules, to_server), "block o3");
  EXPECT_EQ(said(rules, secure(to_server)), "allow o2");
  EXPECT_EQ(said(rules, secure(smb_flow(Direction::out, "10.0.5.5", "10.0.1.12"))), "block o3");
  EXPECT_EQ(said(rules, secure(smb_flow(Direction::out, "fd00:5::5", "fd00:1::10"))), "allow o2");
}

TEST(MicrosoftClient, nothing_overrides_the_block_on_public_networks) {
  const Flow flow = smb_flow(Direction::out, "10.0.5.5", "10.0.1.10");
  EXPECT_EQ(said(microsoft_client(), on(Profile::pub, secure(flow))), "block o1");
}

TEST(MicrosoftClient, other_ports_are_not_ours) {
  Flow flow = smb_flow(Direction::out, "10.0.5.5", "10.0.1.10");
  flow.port = 443;
  EXPECT_EQ(said(microsoft_client(), flow), "pass ");
  flow.port = 445;
  flow.protocol = Protocol::udp;
  EXPECT_EQ(said(microsoft_client(), flow), "pass ");
}

TEST(FileServer, lets_in_trusted_ranges_and_nobody_on_public_networks) {
  const RuleSet rules = file_server();
  EXPECT_EQ(said(rules, smb_flow(Direction::in, "10.1.1.1", "10.0.1.10")), "allow trusted-smb");
  EXPECT_EQ(said(rules, smb_flow(Direction::in, "192.0.2.1", "10.0.1.10")), "block other-smb");
  EXPECT_EQ(said(rules, on(Profile::pub, smb_flow(Direction::in, "10.1.1.1", "10.0.1.10"))), "reject public-smb");
}

TEST(FileServer, a_block_by_mac_address_holds_only_where_the_address_is_seen) {
  Flow flow = smb_flow(Direction::in, "10.1.1.1", "10.0.1.10");
  flow.mac = mac_from_string("02:00:5e:10:00:01");
  EXPECT_EQ(said(file_server(), flow), "block scanners");
  flow.mac = mac_from_string("02:00:5e:10:00:02");
  EXPECT_EQ(said(file_server(), flow), "allow trusted-smb");
}

TEST(Bans, end_what_is_open_and_override_what_overrides) {
  RuleSet rules = file_server();
  Rule admin = smb_rule("admin", Direction::in, Action::allow_if_secure);
  admin.overrides_blocks = true;
  rules.rules.push_back(admin);
  EXPECT_EQ(said(rules, secure(smb_flow(Direction::in, "10.66.0.1", "10.0.1.10"))), "block bans");
  EXPECT_EQ(said(rules, open(smb_flow(Direction::in, "10.66.0.1", "10.0.1.10"))), "block bans");
  EXPECT_EQ(said(rules, open(smb_flow(Direction::in, "192.0.2.1", "10.0.1.10"))), "allow established");
}

TEST(Bans, are_for_the_remote_end_and_their_services) {
  RuleSet rules = file_server();
  EXPECT_EQ(said(rules, smb_flow(Direction::out, "10.0.1.10", "10.66.0.1")), "block bans");
  EXPECT_EQ(said(rules, smb_flow(Direction::in, "10.1.1.1", "10.66.0.1")), "allow trusted-smb");
  Flow ssh = smb_flow(Direction::in, "10.66.0.1", "10.0.1.10");
  ssh.port = 22;
  EXPECT_EQ(said(rules, ssh), "pass ");
}

TEST(Perimeter, drops_both_ways_and_lets_out_to_azure) {
  const RuleSet rules = microsoft_perimeter();
  EXPECT_EQ(said(rules, smb_flow(Direction::forward, "192.0.2.1", "10.0.0.1")), "block smb-in");
  EXPECT_EQ(said(rules, smb_flow(Direction::forward, "10.0.0.1", "192.0.2.1")), "block smb-out");
  EXPECT_EQ(said(rules, smb_flow(Direction::forward, "10.0.0.1", "203.0.113.9")), "allow azure");
  EXPECT_EQ(said(rules, smb_flow(Direction::forward, "10.0.0.1", "10.9.0.1")), "pass ");
  EXPECT_EQ(said(rules, open(smb_flow(Direction::forward, "10.0.0.1", "198.51.100.7"))), "block bans");
}

TEST(Classes, a_block_beats_an_allow_wherever_it_stands) {
  RuleSet rules = file_server();
  rules.rules = {smb_rule("yes", Direction::in, Action::allow), smb_rule("no", Direction::in, Action::block)};
  EXPECT_EQ(said(rules, smb_flow(Direction::in, "10.1.1.1", "10.0.1.10")), "block no");
  std::ranges::reverse(rules.rules);
  EXPECT_EQ(said(rules, smb_flow(Direction::in, "10.1.1.1", "10.0.1.10")), "block no");
}

TEST(Classes, allow_if_secure_without_override_is_an_allow_for_the_protected) {
  RuleSet rules = file_server();
  rules.rules = {smb_rule("if", Direction::in, Action::allow_if_secure)};
  const Flow flow = smb_flow(Direction::in, "10.1.1.1", "10.0.1.10");
  EXPECT_EQ(said(rules, flow), "pass ");
  EXPECT_EQ(said(rules, secure(flow)), "allow if");
  rules.rules.push_back(smb_rule("no", Direction::in, Action::block));
  EXPECT_EQ(said(rules, secure(flow)), "block no");
}

TEST(Classes, log_decides_nothing) {
  RuleSet rules = file_server();
  rules.rules = {smb_rule("note", Direction::in, Action::log)};
  EXPECT_EQ(said(rules, smb_flow(Direction::in, "10.1.1.1", "10.0.1.10")), "pass ");
}

TEST(Loopback, is_never_blocked) {
  RuleSet rules = file_server();
  rules.rules = {smb_rule("no", Direction::in, Action::block)};
  EXPECT_EQ(said(rules, smb_flow(Direction::in, "127.0.0.1", "127.0.0.1")), "allow loopback");
  EXPECT_EQ(said(rules, smb_flow(Direction::in, "::1", "::1")), "allow loopback");
  EXPECT_EQ(said(rules, smb_flow(Direction::in, "10.0.1.10", "10.0.1.10")), "allow loopback");
}

TEST(Sets, an_empty_set_is_nobody) {
  RuleSet rules = file_server();
  rules.sets["nobody"] = {};
  Rule rule = smb_rule("no", Direction::in, Action::block);
  rule.from = {AddressMatch::Kind::in, "nobody"};
  rules.rules = {rule};
  EXPECT_EQ(said(rules, smb_flow(Direction::in, "10.1.1.1", "10.0.1.10")), "pass ");
  rules.rules[0].from.kind = AddressMatch::Kind::not_in;
  EXPECT_EQ(said(rules, smb_flow(Direction::in, "10.1.1.1", "10.0.1.10")), "block no");
}

TEST(Narrowed, keeps_what_holds_in_the_profile_for_all_of_them) {
  const RuleSet narrow = microsoft_client().narrowed_to(Profile::pub);
  const Flow flow = secure(smb_flow(Direction::out, "10.0.5.5", "10.0.1.10"));
  for (const Profile p : kProfiles) EXPECT_EQ(said(narrow, on(p, flow)), "block o1");
}

TEST(Problems, the_rules_for_tests_have_none) {
  for (const RuleSet& rules : {microsoft_client(), microsoft_perimeter(), file_server()}) {
    EXPECT_EQ(problems_of(rules), std::vector<std::string>{}) << rules.host;
  }
}

TEST(Problems, what_no_backend_could_say_is_named) {
  RuleSet rules = file_server();
  Rule wrong = smb_rule("bans", Direction::out, Action::allow);
  wrong.name = "a \"quoted\" name";
  wrong.overrides_blocks = true;
  wrong.edge = EdgeTraversal::block;
  wrong.macs = "scanners";
  wrong.from = {AddressMatch::Kind::in, "nowhere"};
  wrong.ports = {};
  rules.rules = {wrong, smb_rule("twice", Direction::in, Action::log),
                 smb_rule("twice", Direction::forward, Action::log)};
  EXPECT_EQ(problems_of(rules).size(), 9U);
}

TEST(Gap, explains_what_its_rule_decided_for_the_flows_it_names) {
  const Flow tcp = smb_flow(Direction::in, "10.1.1.1", "10.0.1.10");
  EXPECT_TRUE(explains({.rule = "o2"}, tcp, "o2"));
  EXPECT_FALSE(explains({.rule = "o2"}, tcp, "o3"));
  EXPECT_FALSE(explains({.rule = "established", .protocol = Protocol::udp}, tcp, "established"));
  EXPECT_FALSE(explains({.rule = "bans", .only_established = true}, tcp, "bans"));
  EXPECT_TRUE(explains({.rule = "bans", .only_established = true}, open(tcp), "bans"));
}

}  // namespace
}  // namespace dozo::policy
