// The templates, filled: what backends are compared over.
#pragma once

#include <string_view>
#include <vector>

#include "policy/policy.h"
#include "policy/templates.h"

namespace dozo::policy::testing {

TemplateValues values_for_tests();
// 2026-11-21, and a file of service tags with Storage.WestEurope as 203.0.113.0/24 and 2001:db8:aa::/48.
ReadOptions read_options_for_tests();
Policy policy_of_template(std::string_view name);
// Of each role that has rules, or bans.
std::vector<RuleSet> rule_sets_of_template(std::string_view name);

}  // namespace dozo::policy::testing
