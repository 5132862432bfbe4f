// From a policy to the rules of one machine: what backends compile.
#pragma once

#include <string>
#include <vector>

#include "policy/policy.h"

namespace dozo::policy {

// `machine` is a host's or a role's name of the policy (Policy::has_machine). Rules keep the ids and lines of the file;
// a rule over services of both protocols becomes ID-tcp and ID-udp.
RuleSet rule_set_for(const Policy& policy, const std::string& machine);

// Of the id of a rule of a RuleSet, the rule of the file; null when it comes of none.
const PolicyRule* rule_behind(const Policy& policy, const Rule& rule);

}  // namespace dozo::policy
