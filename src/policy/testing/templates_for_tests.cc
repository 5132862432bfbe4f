#include "policy/testing/templates_for_tests.h"

#include "base/assert.h"
#include "policy/checks.h"
#include "policy/lower.h"

namespace dozo::policy::testing {
namespace {

std::expected<std::string, std::string> service_tags(const std::string&) {
  return R"({"changeNumber":7,"cloud":"Public","values":[{"name":"Storage.WestEurope","properties":{"changeNumber":3,
    "region":"westeurope","addressPrefixes":["203.0.113.0/24","2001:db8:aa::/48"]}}]})";
}

}  // namespace

TemplateValues values_for_tests() {
  return {{"lan", {"10.0.0.0/13", "fd00::/16"}},
          {"servers", {"10.0.1.10", "10.0.1.11", "fd00:1::10"}},
          {"controllers", {"10.0.1.2", "fd00:1::2"}},
          {"vpn", {"10.8.0.0/24", "fd08::/64"}},
          {"dmz", {"192.0.2.0/24"}},
          {"nas", {"10.7.1.20"}},
          {"azure", {"Storage.WestEurope"}},
          {"service-tags", {"ServiceTags_Public_20261116.json"}}};
}

ReadOptions read_options_for_tests() { return {1'795'300'000, service_tags}; }

Policy policy_of_template(std::string_view name) {
  const Template* chosen = find_template(name);
  DOZO_ASSERT(chosen != nullptr);
  TemplateValues values = values_for_tests();
  if (name == "laptop") values["nas"] = {"192.168.1.20"};
  if (name == "dmz") values["servers"] = {"192.0.2.10"};
  const auto text = write_template(*chosen, values);
  DOZO_ASSERT(text.has_value());
  auto read = parse_policy(*text, "policy.toml", read_options_for_tests());
  DOZO_ASSERT(read.has_value());
  return std::move(read->policy);
}

std::vector<RuleSet> rule_sets_of_template(std::string_view name) {
  const Policy policy = policy_of_template(name);
  std::vector<RuleSet> all;
  for (const std::string& machine : distinct_machines(policy)) {
    RuleSet rules = rule_set_for(policy, machine);
    if (!rules.rules.empty() || !rules.bans.entries.empty()) all.push_back(std::move(rules));
  }
  return all;
}

}  // namespace dozo::policy::testing
