// Microsoft's rules (KB 3185535) property by property in an Azure network security group.
#include <gtest/gtest.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "policy/backend.h"
#include "policy/testing/rules_for_tests.h"

namespace dozo::policy {
namespace {

using namespace testing;
using Json = nlohmann::json;

const Backend& azure() { return *find_backend("azure"); }

Json compiled(const RuleSet& rules, Profile profile = Profile::domain) {
  return Json::parse(compile(azure(), rules, {.profile = profile}).text);
}
// The properties of the rule of this name.
Json rule(const Json& text, const std::string& name) {
  for (const Json& resource : text["resources"]) {
    if (resource["name"] == "dozo/dozo-" + name) return resource["properties"];
  }
  return nullptr;
}

TEST(Azure, the_inbound_block_in_every_property) {
  EXPECT_EQ(rule(compiled(microsoft_client()), "i5"), Json::parse(R"({"description":"dozo:i5","direction":"Inbound",
    "access":"Deny","priority":100,"protocol":"Tcp","sourcePortRange":"*","destinationPortRanges":["445"],
    "sourceAddressPrefix":"*","destinationAddressPrefix":"*"})"));
}

TEST(Azure, the_outbound_blocks_are_by_profile) {
  EXPECT_EQ(rule(compiled(microsoft_client()), "o3")["direction"], "Outbound");
  EXPECT_EQ(rule(compiled(microsoft_client()), "o1"), nullptr);
  EXPECT_EQ(rule(compiled(microsoft_client(), Profile::pub), "o1")["access"], "Deny");
}

TEST(Azure, what_needs_ipsec_is_a_gap) {
  const Compiled text = compile(azure(), microsoft_client(), {});
  EXPECT_EQ(rule(Json::parse(text.text), "o2"), nullptr);
  EXPECT_TRUE(std::ranges::any_of(text.gaps, [](const Gap& g) { return g.lack == Lack::ipsec && g.rule == "o2"; }));
}

TEST(Azure, a_service_tag_is_said_by_its_name_and_kept_with_what_it_means) {
  const Json text = compiled(microsoft_perimeter());
  const Json out = rule(text, "azure.2");
  EXPECT_EQ(out["destinationAddressPrefix"], "Storage.WestEurope");
  EXPECT_EQ(text["metadata"]["serviceTags"]["Storage.WestEurope"], Json::parse(R"(["203.0.113.0/24"])"));
}

TEST(Azure, the_perimeter_blocks_both_ways_before_it_allows) {
  const Json text = compiled(microsoft_perimeter());
  for (const char* name : {"smb-in", "smb-out", "nbt-ns-in", "nbt-ns-out", "nbt-dgm-in", "nbt-ssn-out"}) {
    EXPECT_EQ(rule(text, name)["access"], "Deny") << name;
    EXPECT_LT(rule(text, name)["priority"], rule(text, "azure")["priority"]) << name;
  }
  EXPECT_LT(rule(text, "bans.tcp")["priority"], rule(text, "smb-in")["priority"]);
}

TEST(Azure, a_rule_is_of_one_family) {
  for (const Json& resource : compiled(file_server())["resources"]) {
    const Json& p = resource["properties"];
    const bool v4 = p.dump().contains("10.0.0.0/8"), v6 = p.dump().contains("fd00::/8");
    EXPECT_FALSE(v4 && v6) << resource["name"];
  }
}

TEST(Azure, more_rules_than_priorities_are_a_gap_and_no_rules) {
  RuleSet rules = file_server();
  for (int i = 0; i < 4000; ++i) rules.rules.push_back(smb_rule("r" + std::to_string(i), Direction::in, Action::block));
  const Compiled text = compile(azure(), rules, {});
  EXPECT_TRUE(Json::parse(text.text)["resources"].empty());
  EXPECT_TRUE(std::ranges::any_of(text.gaps, [](const Gap& g) { return g.lack == Lack::too_many; }));
}

TEST(Azure, undo_takes_out_each_rule_by_its_name) {
  const Compiled text = compile(azure(), microsoft_client(), {.resource_group = "rg", .security_group = "sg"});
  EXPECT_EQ(text.undo,
            "az network nsg rule delete --resource-group 'rg' --nsg-name 'sg' --name 'dozo-i5'\n"
            "az network nsg rule delete --resource-group 'rg' --nsg-name 'sg' --name 'dozo-o3'\n");
}

// As `az network nsg rule list -o json` has them: one object each, a property for one and for many.
Json azure_live() {
  return Json::parse(R"([
   {"name":"dozo-i5","description":"dozo:i5","direction":"Inbound","access":"Deny","priority":100,"protocol":"Tcp",
    "sourcePortRange":"*","destinationPortRange":null,"destinationPortRanges":["445"],"sourceAddressPrefix":"*",
    "sourceAddressPrefixes":[],"destinationAddressPrefix":"*","destinationAddressPrefixes":[]},
   {"name":"dozo-o3","description":"dozo:o3","direction":"Outbound","access":"Deny","priority":101,"protocol":"Tcp",
    "sourcePortRange":"*","destinationPortRange":"445","destinationPortRanges":[],"sourceAddressPrefix":"*",
    "sourceAddressPrefixes":[],"destinationAddressPrefix":"*","destinationAddressPrefixes":[]},
   {"name":"ssh","direction":"Inbound","access":"Allow","priority":300,"protocol":"Tcp"}])");
}
std::vector<Drift> azure_drifted(const Json& rules) {
  return drift(azure(), rules.dump(), microsoft_client(), {}).value();
}

TEST(AzureDrift, rules_of_others_are_nobodys) { EXPECT_EQ(azure_drifted(azure_live()), std::vector<Drift>{}); }

TEST(AzureDrift, a_rule_that_was_changed_or_lost_is_told) {
  Json changed = azure_live();
  changed[0]["access"] = "Allow";
  EXPECT_EQ(azure_drifted(changed).size(), 2U);
  changed = azure_live();
  changed.erase(1);
  EXPECT_EQ(azure_drifted(changed).at(0).what, "rule o3");
}

}  // namespace
}  // namespace dozo::policy
