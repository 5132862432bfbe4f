// What only the computer itself can tell: rules on settings that a scan from outside does not see.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "scan/facts.h"

namespace dozo::scan {

struct SelfRule {
  std::string_view id;
  Severity severity;
  std::string_view title;
  std::string_view why;
  std::string_view fix;
};

std::span<const SelfRule> self_rules();
// A finding of the rule with that id, which is in the table.
Finding self_finding(std::string_view id, std::string evidence);

}  // namespace dozo::scan
