#include "policy/checks.h"

#include <gtest/gtest.h>

#include "policy/testing/rules_for_tests.h"

namespace dozo::policy {
namespace {

const std::string kBase = R"([zones]
domain = ["10.0.0.0/8", "fd00::/8"]
dmz = ["192.0.2.0/24"]
[objects]
servers = ["10.0.1.10-10.0.1.11", "fd00:1::10"]
[roles.client]
members = ["domain"]
[roles.fileserver]
members = ["servers"]
[roles.gateway]
)";

// A rule of five lines.
std::string rule(std::string_view id, std::string_view on, std::string_view action, std::string_view more = "") {
  const std::string direction = on == "gateway" ? "forward" : on == "fileserver" ? "in" : "out";
  return "[[rule]]\nid = \"" + std::string(id) + "\"\non = [\"" + std::string(on) + "\"]\ndirection = \"" + direction +
         "\"\naction = \"" + std::string(action) + "\"\n" +
         std::string(more.find("services") == more.npos ? "services = [\"smb\"]\n" : "") + std::string(more);
}

Policy policy(const std::string& text) {
  const auto read = parse_policy(text, "p", {});
  EXPECT_TRUE(read) << to_string(read.error().front());
  return read ? read->policy : Policy{};
}
std::vector<std::string> said(const Problems& problems) {
  std::vector<std::string> all;
  for (const Problem& p : problems) all.push_back(to_string(p));
  return all;
}
using Lines = std::vector<std::string>;

TEST(CheckRules, one_rule_alone_is_fine) {
  EXPECT_EQ(said(check_rules(policy(kBase + rule("a", "client", "block")))), Lines{});
}

TEST(CheckRules, an_allow_over_exactly_what_a_block_says_contradicts_it) {
  EXPECT_EQ(said(check_rules(policy(kBase + rule("a", "client", "allow") + rule("b", "client", "block")))),
            Lines{"p:11: rule a contradicts b (line 17), which wins (on client)"});
}

TEST(CheckRules, a_narrower_allow_under_a_block_is_shadowed) {
  EXPECT_EQ(
      said(check_rules(
          policy(kBase + rule("a", "client", "allow", "to = [\"servers\"]\n") + rule("b", "client", "block")))),
      Lines{"p:11: rule a is shadowed: b (line 18) decides everything it speaks of, and the other way (on client)"});
}

TEST(CheckRules, a_second_rule_that_says_the_same_is_shadowed) {
  EXPECT_EQ(said(check_rules(policy(kBase + rule("a", "client", "block") +
                                    rule("b", "client", "reject", "profiles = [\"public\"]\n")))),
            Lines{"p:17: rule b is shadowed: a (line 11) says the same of all it speaks of (on client)"});
}

TEST(CheckRules, what_several_rules_decide_together_is_unreachable) {
  const auto found = said(check_rules(policy(
      kBase + rule("low", "client", "block", "to = [\"0.0.0.0/1\", \"::/1\"]\n") +
      rule("high", "client", "block", "to = [\"128.0.0.0/1\", \"8000::/1\"]\n") + rule("c", "client", "allow"))));
  EXPECT_EQ(
      found,
      Lines{"p:25: rule c is unreachable: low (line 11), high (line 18) decide everything it speaks of (on client)"});
}

TEST(CheckRules, one_address_or_port_that_is_left_makes_a_rule_live) {
  EXPECT_EQ(
      said(check_rules(policy(kBase + rule("low", "client", "block", "to = [\"0.0.0.0/1\", \"::/1\"]\n") +
                              rule("high", "client", "block", "to = [\"128.0.0.0-255.255.255.254\", \"8000::/1\"]\n") +
                              rule("c", "client", "allow")))),
      Lines{});
  EXPECT_EQ(said(check_rules(policy(kBase + rule("a", "client", "block") +
                                    rule("b", "client", "allow", "services = [\"smb\", \"nbt-ssn\"]\n")))),
            Lines{});
}

TEST(CheckRules, what_overrides_is_not_shadowed_by_the_block_it_overrides) {
  const std::string ipsec = "[ipsec]\non = [\"client\", \"fileserver\"]\n";
  EXPECT_EQ(
      said(check_rules(policy(kBase + ipsec + rule("o2", "client", "allow-if-secure", "overrides_blocks = true\n") +
                              rule("o3", "client", "block")))),
      Lines{});
  EXPECT_EQ(check_rules(policy(kBase + ipsec + rule("o2", "client", "allow-if-secure") + rule("o3", "client", "block")))
                .size(),
            1U);
}

TEST(CheckRules, a_rule_that_decides_on_one_of_its_machines_is_fine) {
  const std::string text = kBase +
                           "[[rule]]\nid = \"a\"\non = [\"client\", \"fileserver\"]\ndirection = \"in\"\n"
                           "services = [\"smb\"]\naction = \"allow\"\n" +
                           rule("b", "fileserver", "block");
  EXPECT_EQ(said(check_rules(policy(text))), Lines{});
}

TEST(CheckRules, everybody_banned_and_nobody_there_are_unreachable) {
  const std::string ban = "[[blocklist]]\naddresses = [\"10.0.1.0/24\"]\n";
  EXPECT_EQ(said(check_rules(policy(kBase + ban + rule("a", "client", "block", "to = [\"10.0.1.7\"]\n")))),
            Lines{"p:13: rule a is unreachable: everybody it speaks of is banned (on client)"});
  EXPECT_EQ(
      said(check_rules(policy(kBase + rule("a", "gateway", "block", "from = [\"10.0.0.1\"]\nto = [\"fd00::1\"]\n")))),
      Lines{"p:11: rule a matches nothing: the addresses it is from and to have no flow between them (on gateway)"});
}

TEST(CheckNeeds, a_client_that_may_not_reach_its_server_is_named_with_the_rule) {
  EXPECT_EQ(said(check_needs(policy(kBase + rule("o3", "client", "block")))),
            Lines{"p:11: fileserver is cut off from client, which needs it: rule o3 on client refuses 10.0.0.0 to "
                  "10.0.1.10 port 445"});
}

TEST(CheckNeeds, a_server_that_lets_in_part_of_its_clients_is_named) {
  const Problems found = check_needs(policy(kBase + rule("in", "fileserver", "block", "from = [\"!10.0.0.0/9\"]\n")));
  EXPECT_EQ(said(found), Lines{"p:11: fileserver is cut off from client, which needs it: rule in on fileserver refuses "
                               "10.128.0.0 to 10.0.1.10 port 445"});
}

TEST(CheckNeeds, a_gateway_between_zones_counts_and_inside_a_zone_not) {
  const std::string dmz = "[[host]]\nname = \"web\"\nrole = \"fileserver\"\naddresses = [\"192.0.2.7\"]\n";
  EXPECT_EQ(said(check_needs(policy(kBase + rule("p", "gateway", "block")))), Lines{});
  EXPECT_EQ(said(check_needs(policy(kBase + dmz + rule("p", "gateway", "block")))),
            Lines{"p:15: fileserver is cut off from client, which needs it: rule p on gateway refuses 10.0.0.0 to "
                  "192.0.2.7 port 445"});
}

TEST(CheckNeeds, what_ipsec_on_both_ends_lets_through_is_no_cut) {
  const std::string rules = rule("o2", "client", "allow-if-secure", "to = [\"servers\"]\noverrides_blocks = true\n") +
                            rule("o3", "client", "block");
  EXPECT_EQ(said(check_needs(policy(kBase + "[ipsec]\non = [\"client\", \"fileserver\"]\n" + rules))), Lines{});
  EXPECT_EQ(check_needs(policy(kBase + "[ipsec]\non = [\"client\"]\n" + rules)).size(), 1U);
}

TEST(CheckNeeds, a_block_on_public_networks_cuts_nobody_off) {
  EXPECT_EQ(said(check_needs(policy(kBase + rule("o1", "client", "block", "profiles = [\"public\"]\n")))), Lines{});
}

TEST(CheckIpsec, allow_if_secure_needs_it_on_both_ends) {
  const std::string o2 = rule("o2", "client", "allow-if-secure", "to = [\"servers\"]\noverrides_blocks = true\n");
  EXPECT_EQ(check_ipsec(policy(kBase + o2)).size(), 1U);
  EXPECT_EQ(
      said(check_ipsec(policy(kBase + "[ipsec]\non = [\"client\"]\n" + o2))),
      Lines{"p:13: rule o2 holds over IPsec alone, and its other end, fileserver, has none: put it in [ipsec] on"});
  EXPECT_EQ(said(check_ipsec(policy(kBase + "[ipsec]\non = [\"client\", \"fileserver\"]\n" + o2))), Lines{});
}

TEST(CheckIpsec, an_end_in_no_role_is_a_warning) {
  const Problems found = check_ipsec(policy(kBase + "[ipsec]\non = [\"client\"]\n" +
                                            rule("o2", "client", "allow-if-secure", "to = [\"192.0.2.9\"]\n")));
  ASSERT_EQ(found.size(), 1U);
  EXPECT_FALSE(has_errors(found));
}

TEST(CheckServices, servers_keep_their_service_and_members_their_workstation) {
  const auto with = [](std::string_view role, std::string_view line) {
    return check_services(policy("[roles." + std::string(role) + "]\n" + std::string(line) + "\n"));
  };
  EXPECT_EQ(said(with("domain-controller", "server_service = \"stop\"")).size(), 1U);
  EXPECT_EQ(said(with("fileserver", "server_service = \"stop\"")).size(), 1U);
  EXPECT_EQ(said(with("client", "server_service = \"stop\"")), Lines{});
  EXPECT_EQ(said(with("client", "workstation_service = \"stop\"")).size(), 1U);
  EXPECT_EQ(said(with("client", "workstation_service = \"stop\"\ndomain_member = false")), Lines{});
}

TEST(CheckSessions, the_session_that_the_rules_would_refuse_is_named) {
  const std::string in =
      "[[rule]]\nid = \"quiet\"\non = [\"fileserver\"]\ndirection = \"in\"\nservices = [\"ssh\"]\n"
      "action = \"block\"\nfrom = [\"!10.0.0.5\"]\n";
  const Policy p = policy(kBase + "[services.ssh]\nprotocol = \"tcp\"\nports = [\"22\"]\n" + in);
  const auto mine = session_of_ssh("10.0.0.9 50000 10.0.1.10 22", Profile::domain);
  ASSERT_TRUE(mine);
  EXPECT_EQ(
      said(check_sessions(p, "fileserver", {*mine})),
      Lines{"p:14: on fileserver your own SSH session (10.0.0.9 to port 22) would be refused: block by rule quiet "
            "(line 14): quiet"});
  EXPECT_EQ(said(check_sessions(p, "fileserver", {*session_of_ssh("10.0.0.5 50000 10.0.1.10 22", Profile::domain)})),
            Lines{});
}

TEST(CheckSessions, a_text_that_is_no_ssh_connection_is_none) {
  for (const auto text :
       {"", "10.0.0.9", "10.0.0.9 x 10.0.1.10 22", "host 1 10.0.1.10 22", "10.0.0.9 1 10.0.1.10 70000"}) {
    EXPECT_FALSE(session_of_ssh(text, Profile::domain)) << text;
  }
}

}  // namespace
}  // namespace dozo::policy
