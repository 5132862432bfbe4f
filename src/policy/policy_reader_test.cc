#include <fmt/format.h>
#include <gtest/gtest.h>

#include "policy/lower.h"
#include "policy/policy.h"
#include "policy/service_tags.h"
#include "policy/testing/rules_for_tests.h"

namespace dozo::policy {
namespace {

using testing::address;
using testing::space;

constexpr std::int64_t kNow = 1'795'300'000;  // 2026-11-21

std::expected<std::string, std::string> tags(const std::string& path) {
  if (path.ends_with("none.json")) return std::unexpected("cannot be read: No such file or directory");
  return R"({"changeNumber":7,"values":[{"name":"Storage.WestEurope","properties":{"region":"westeurope",
    "addressPrefixes":["203.0.113.0/24","2001:db8:aa::/48"]}}]})";
}

// The first problem, or the policy.
std::string problem(const std::string& text) {
  const auto read = parse_policy(text, "p.toml", {kNow, tags});
  return read ? std::string() : to_string(read.error().front());
}
std::string warning(const std::string& text) {
  const auto read = parse_policy(text, "p.toml", {kNow, tags});
  if (!read) return "refused: " + to_string(read.error().front());
  return read->warnings.empty() ? std::string() : to_string(read->warnings.front());
}
Policy policy(const std::string& text) {
  const auto read = parse_policy(text, "p.toml", {kNow, tags});
  EXPECT_TRUE(read) << to_string(read.error().front());
  return read ? read->policy : Policy{};
}

const std::string kBase = R"([zones]
domain = ["10.0.0.0/8", "fd00::/8"]
dmz = ["192.0.2.0/24"]
[objects]
servers = ["10.0.1.10-10.0.1.11", "fd00:1::10"]
[macs]
scanners = ["02:00:5e:10:00:01"]
[ipsec]
on = ["client", "fileserver"]
[roles.client]
members = ["domain"]
server_service = "stop"
windows_rules_off = true
[roles.fileserver]
members = ["servers"]
serves = ["client"]
[roles.gateway]
)";
std::string rule(std::string_view body) { return kBase + "[[rule]]\nname = \"A rule\"\n" + std::string(body); }

TEST(PolicyFile, names_become_addresses) {
  const Policy p = policy(kBase);
  EXPECT_EQ(p.places.at("servers").addresses, space({"10.0.1.10-10.0.1.11", "fd00:1::10"}));
  EXPECT_EQ(p.zone_at(address("10.9.9.9")), "domain");
  EXPECT_EQ(p.zone_at(address("8.8.8.8")), "internet");
  EXPECT_TRUE(p.has_ipsec("client"));
  EXPECT_FALSE(p.has_ipsec("gateway"));
}

TEST(PolicyFile, an_address_is_of_the_role_with_the_narrower_network) {
  const Policy p = policy(kBase);
  EXPECT_EQ(p.machine_at(address("10.0.1.10")), "fileserver");
  EXPECT_EQ(p.machine_at(address("10.0.1.12")), "client");
  EXPECT_EQ(p.machine_at(address("192.0.2.1")), std::nullopt);
}

TEST(PolicyFile, a_rule_is_read_whole) {
  const Policy p = policy(rule(R"(id = "o2"
on = ["client"]
direction = "out"
services = ["smb", "nbt-ns"]
to = ["servers"]
profiles = ["domain", "private"]
action = "allow-if-secure"
overrides_blocks = true
log = true
)"));
  const PolicyRule& r = p.rules.at(0);
  EXPECT_EQ(r.id, "o2");
  EXPECT_EQ(r.line, 18U);
  EXPECT_EQ(r.direction, Direction::out);
  EXPECT_EQ(r.profiles, (Profiles{Profile::domain, Profile::priv}));
  EXPECT_EQ(r.to.addresses, p.places.at("servers").addresses);
  EXPECT_EQ(r.action, Action::allow_if_secure);
  EXPECT_TRUE(r.overrides_blocks && r.log);
}

TEST(PolicyFile, what_is_wrong_is_said_with_its_line) {
  const std::pair<std::string, std::string> cases[] = {
      {"[zones]\ndomian = [\"10.0.0.0/8\"]\n", "p.toml:2: unknown zone \"domian\""},
      {"[zones]\n\"vlan:5000\" = [\"10.0.0.0/8\"]\n", "p.toml:2: unknown zone \"vlan:5000\""},
      {"[zones]\ndomain = [\"10.0.0.0/8\"]\ndmz = [\"10.2.0.0/16\"]\n",
       "p.toml:3: zone dmz overlaps zone domain (line 2): 10.2.0.0/16 is in both"},
      {"[objects]\nx = [\"10.0.0.1/8\"]\n",
       "p.toml:2: \"10.0.0.1/8\" has bits beyond its length; the network is 10.0.0.0/8"},
      {"[objects]\nx = []\n", "p.toml:2: x in [objects] is an empty list"},
      {"[objects]\nx = [\"serverz\"]\nservers = [\"10.0.0.1\"]\n", "p.toml:2: unknown name \"serverz\""},
      {"[objects]\nx = [\"y\"]\ny = [\"x\"]\n", "p.toml:2: \"x\" is made of itself"},
      {"[objects]\nx = [\"internet\"]\n", "p.toml:2: internet is what is in no zone"},
      {"[objects]\nx = [\"10.0.0.1\"]\n[zones]\nx = [\"10.0.0.1\"]\n", "p.toml:2: \"x\" is already a zone (line 4)"},
      {"[objects]\nx = [\"azure:Storage.WestEurope\"]\n", "p.toml:2: azure:Storage.WestEurope needs the file"},
      {"[objets]\n", "p.toml:1: unknown key \"objets\" in a policy; did you mean \"objects\"?"},
      {"[roles.clent]\n", "p.toml:1: unknown role \"clent\""},
      {"[roles.client]\nmember = [\"10.0.0.1\"]\n",
       "p.toml:2: unknown key \"member\" in [roles.client]; did you mean \"members\"?"},
      {"[roles.client]\nprofile = \"home\"\n",
       "p.toml:2: profile in [roles.client] must be domain, private or public, not"},
      {"[macs]\nx = [\"02:00\"]\n", "p.toml:2: \"02:00\" is no MAC address"},
      {"[services.x]\nprotocol = \"tcp\"\nports = [\"0\"]\n", "p.toml:1: service \"x\" needs a protocol and ports"},
      {"[ipsec]\non = [\"client\"]\n", "p.toml:2: [ipsec] is on roles, and there is no role \"client\""},
      {"[policy\n", "p.toml:1: "},
      {"[[blocklist]]\nname = \"x\"\naddresses = [\"any\"]\n", "p.toml:3: a block-list is of addresses"},
  };
  for (const auto& [text, expected] : cases) EXPECT_TRUE(problem(text).starts_with(expected)) << problem(text);
}

TEST(PolicyFile, what_is_wrong_in_a_rule_is_said_with_its_line) {
  const std::string good = "on = [\"client\"]\nservices = [\"smb\"]\ndirection = \"in\"\naction = \"block\"\n";
  const std::pair<std::string, std::string> cases[] = {
      {rule("services = [\"smb\"]\naction = \"block\"\n"), "p.toml:18: a rule needs on"},
      {rule("on = [\"clients\"]\n"), "p.toml:18: a rule needs an action"},
      {rule(good + "from = [\"nowhere\"]\n"), "p.toml:24: unknown name \"nowhere\""},
      {rule(good + "from = [\"!dmz\", \"servers\"]\n"), "p.toml:24: either all names"},
      {rule(good + "from = []\n"), "p.toml:24: from in [[rule]] is an empty list"},
      {rule(good + "overrides_blocks = true\n"), "p.toml:24: only allow-if-secure can override blocks"},
      {rule(good + "macs = \"nobody\"\n"), "p.toml:24: there is no \"nobody\" in [macs]"},
      {rule(good + "id = \"Upper\"\n"), "p.toml:24: \"Upper\" is no id"},
      {rule(good + "id = \"bans\"\n"), "p.toml:24: \"bans\" is no id"},
      {rule(good) + "[[rule]]\nname = \"A rule\"\n" + good, "p.toml:25: the id \"a-rule\" is there twice"},
      {kBase + "[[rule]]\nname = \"a $(rule)\"\n" + good, "p.toml:19: a rule's name is printable ASCII"},
      {rule("on = [\"gateway\"]\nservices = [\"smb\"]\ndirection = \"in\"\naction = \"block\"\n"),
       "p.toml:22: rules on gateways are of direction forward"},
      {rule("on = [\"client\"]\nservices = [\"smb\"]\ndirection = \"forward\"\naction = \"block\"\n"),
       "p.toml:22: rules on gateways are of direction forward"},
      {kBase + "[[host]]\nname = \"fs1\"\nrole = \"fileserver\"\naddresses = [\"10.0.1.10\"]\nwithout = [\"x\"]\n",
       "p.toml:18: host fs1: there is no rule \"x\""},
  };
  for (const auto& [text, expected] : cases) EXPECT_TRUE(problem(text).starts_with(expected)) << problem(text);
}

TEST(PolicyFile, overlapping_entries_of_a_list_are_a_warning) {
  EXPECT_EQ(warning("[objects]\nx = [\"10.0.0.0/8\",\n\"10.1.0.0/16\"]\n"),
            "p.toml:3: warning: 10.0.0.0/8 and 10.1.0.0/16 overlap");
}

TEST(PolicyFile, edge_traversal_of_an_outbound_rule_is_left_out_with_a_warning) {
  const std::string text = rule(
      "on = [\"client\"]\nservices = [\"smb\"]\ndirection = \"out\"\naction = \"block\"\nedge_traversal = \"block\"\n");
  EXPECT_TRUE(warning(text).starts_with("p.toml:24: warning: edge traversal is of inbound rules"));
  EXPECT_EQ(policy(text).rules[0].edge, EdgeTraversal::unset);
}

TEST(PolicyFile, two_roles_with_networks_of_one_size_are_refused) {
  EXPECT_TRUE(problem("[roles.client]\nmembers = [\"10.0.0.0/24\"]\n[roles.printer]\nmembers = [\"10.0.0.0/24\"]\n")
                  .starts_with("p.toml:3: role printer and another role share 10.0.0.0/24"));
}

TEST(PolicyFile, two_hosts_with_one_address_are_refused) {
  const std::string host = "role = \"fileserver\"\naddresses = [\"10.0.1.10\"]\n";
  EXPECT_TRUE(problem(kBase + "[[host]]\nname = \"a\"\n" + host + "[[host]]\nname = \"b\"\n" + host)
                  .starts_with("p.toml:22: hosts a and b share the address 10.0.1.10"));
}

TEST(ServiceTagsFile, a_tag_is_its_prefixes_and_keeps_its_name) {
  const Policy p = policy(
      "[azure]\nservice_tags = \"ServiceTags_Public_20261116.json\"\n[objects]\nfiles = "
      "[\"azure:Storage.WestEurope\"]\n");
  EXPECT_EQ(p.places.at("files").addresses, space({"203.0.113.0/24", "2001:db8:aa::/48"}));
  EXPECT_EQ(p.places.at("files").azure_tag, "Storage.WestEurope");
}

TEST(ServiceTagsFile, an_old_one_is_a_warning_and_so_is_one_without_a_date) {
  EXPECT_TRUE(warning("[azure]\nservice_tags = \"ServiceTags_Public_20261019.json\"\n")
                  .starts_with("p.toml:2: warning: the file of service tags is 33 days old"));
  EXPECT_TRUE(
      warning("[azure]\nservice_tags = \"tags.json\"\n").starts_with("p.toml:2: warning: the file's name has no date"));
  EXPECT_EQ(warning("[azure]\nservice_tags = \"ServiceTags_Public_20261116.json\"\n"), "");
}

TEST(ServiceTagsFile, what_is_missing_is_said) {
  EXPECT_EQ(problem("[azure]\nservice_tags = \"none.json\"\n"),
            "p.toml:2: none.json: cannot be read: No such file or directory");
  EXPECT_TRUE(problem("[azure]\nservice_tags = \"ServiceTags_Public_20261116.json\"\n[objects]\nx = "
                      "[\"azure:Storage.WestEurop\"]\n")
                  .ends_with("did you mean \"Storage.WestEurope\"?"));
}

TEST(ServiceTagsFile, what_is_none_is_refused) {
  for (const auto text :
       {"", "{}", "[]", R"({"values":[{}]})", R"({"values":[{"name":"x","properties":{"addressPrefixes":[1]}}]})",
        R"({"values":[{"name":"x","properties":{"addressPrefixes":["10.0.0.1/8"]}}]})"}) {
    EXPECT_FALSE(parse_service_tags(text)) << text;
  }
  EXPECT_EQ(service_tags_day("ServiceTags_Public_20261399.json"), std::nullopt);
  EXPECT_EQ(service_tags_day("x.json"), std::nullopt);
}

TEST(Blocklist, expires_at_the_end_of_its_day) {
  const std::string list = "[[blocklist]]\nname = \"x\"\naddresses = [\"198.51.100.0/24\"]\nexpires = ";
  const Policy p = policy(list + "2026-12-31\n");
  ASSERT_EQ(p.bans.entries.size(), 1U);
  EXPECT_EQ(p.bans.entries[0].until, 1'798'761'600);  // 2027-01-01
  EXPECT_EQ(warning(list + "2026-11-01\n"), "p.toml:4: warning: the block-list \"x\" has expired; it is left out");
  EXPECT_TRUE(policy(list + "2026-11-01\n").bans.entries.empty());
}

TEST(PolicyFile, ten_thousand_ranges_are_read) {
  std::string text = "[roles.client]\nmembers = [";
  for (int i = 0; i < 10000; ++i) text += fmt::format("\"10.{}.{}.0/{}\",\n", i / 256, i % 256, 25 + i % 4);
  text += "]\n[roles.printer]\nmembers = [\"10.0.0.0/8\"]\n";
  EXPECT_EQ(policy(text).machine_at(address("10.39.15.15")), "client");
}

TEST(Lower, a_rule_over_both_protocols_becomes_two) {
  const Policy p = policy(rule(
      "on = [\"client\"]\nservices = [\"smb\", \"nbt-ssn\", \"nbt-ns\"]\ndirection = \"in\"\naction = \"block\"\n"));
  const RuleSet rules = rule_set_for(p, "client");
  ASSERT_EQ(rules.rules.size(), 2U);
  EXPECT_EQ(rules.rules[0].id, "a-rule-tcp");
  EXPECT_EQ(to_string(rules.rules[0].ports), "139,445");
  EXPECT_EQ(rules.rules[1].id, "a-rule-udp");
  EXPECT_EQ(rule_behind(p, rules.rules[1])->line, 18U);
  EXPECT_EQ(problems_of(rules), std::vector<std::string>{});
}

TEST(Lower, a_machine_has_the_rules_of_its_role_and_its_own) {
  const std::string hosts =
      "[[host]]\nname = \"fs1\"\nrole = \"fileserver\"\naddresses = [\"10.0.1.10\"]\nwithout = [\"role-s\"]\n";
  const std::string tail = "services = [\"smb\"]\ndirection = \"in\"\naction = \"block\"\n";
  const Policy p = policy(kBase + hosts + "[[rule]]\nname = \"Role s\"\non = [\"fileserver\"]\n" + tail +
                          "[[rule]]\nname = \"Own\"\non = [\"fs1\"]\n" + tail);
  EXPECT_EQ(rule_set_for(p, "fs1").rules.at(0).id, "own");
  EXPECT_EQ(rule_set_for(p, "fileserver").rules.at(0).id, "role-s");
  EXPECT_TRUE(rule_set_for(p, "client").rules.empty());
}

TEST(Lower, sets_have_names_that_are_words_everywhere) {
  const std::string tail = "on = [\"client\"]\nservices = [\"smb\"]\ndirection = \"out\"\naction = \"block\"\n";
  const Policy p = policy(kBase + "[[rule]]\nname = \"1\"\nto = [\"servers\"]\n" + tail +
                          "[[rule]]\nname = \"2\"\nto = [\"!internet\"]\n" + tail +
                          "[[rule]]\nname = \"3\"\nto = [\"8.8.8.8\", \"dmz\"]\n" + tail);
  const RuleSet rules = rule_set_for(p, "client");
  EXPECT_EQ(rules.rules[0].to, (AddressMatch{AddressMatch::Kind::in, "servers"}));
  EXPECT_EQ(rules.rules[1].to, (AddressMatch{AddressMatch::Kind::in, "inside"}));
  EXPECT_EQ(rules.rules[2].to, (AddressMatch{AddressMatch::Kind::in, "s3_to"}));
  EXPECT_EQ(rules.addresses_of(rules.rules[1].to), space({"10.0.0.0/8", "fd00::/8", "192.0.2.0/24"}));
  EXPECT_EQ(problems_of(rules), std::vector<std::string>{});
}

TEST(Lower, services_and_ipsec_are_the_roles) {
  const RuleSet client = rule_set_for(policy(kBase), "client");
  EXPECT_EQ(client.services[0], (ServiceState{SystemService::server, true, "shares nothing"}));
  EXPECT_FALSE(client.services[1].stop);
  EXPECT_EQ(client.connection_security.size(), 1U);
  EXPECT_EQ(client.builtin_off.size(), 7U);
  const RuleSet gateway = rule_set_for(policy(kBase), "gateway");
  EXPECT_EQ(gateway.mode, Mode::perimeter);
  EXPECT_TRUE(gateway.services.empty() && gateway.connection_security.empty());
}

}  // namespace
}  // namespace dozo::policy
