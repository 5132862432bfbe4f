// Random sets of rules that problems_of() finds nothing wrong with: every action, direction, kind of end and of set.
#pragma once

#include <cstdint>

#include "policy/model.h"

namespace dozo::policy::testing {

// The same seed gives the same rules.
RuleSet random_rules(std::uint64_t seed, Mode mode);

}  // namespace dozo::policy::testing
