// Rules that never decide anything, by exact subtraction of what is decided before them.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>

#include "policy/checks.h"
#include "policy/evaluate.h"
#include "policy/lower.h"
#include "policy/region.h"

namespace dozo::policy {
namespace {

bool refuses(const Rule& rule) { return class_of(rule) == kBlockClass; }

std::string called(const Rule& rule) { return fmt::format("{} (line {})", rule.id, rule.line); }

// Why a rule is dead in one RuleSet; nothing when it decides some flow.
class DeadRules {
 public:
  explicit DeadRules(const RuleSet& rules) : rules_(rules), flows_(rules) {}

  std::optional<std::string> why_dead(std::size_t index) const {
    const Rule& rule = rules_.rules[index];
    const Box& box = flows_.of(index);
    if (box.empty()) return "matches nothing: the addresses it is from and to have no flow between them";
    if (!flows_.decided_by(index).empty()) return std::nullopt;
    std::vector<std::size_t> others;
    for (std::size_t i = 0; i < rules_.rules.size(); ++i) {
      if (!decides_before(rules_, i, index) || common(flows_.of(i), box).empty()) continue;
      if (covers(flows_.of(i), box)) return why_covered(rule, box, i);
      others.push_back(i);
    }
    if (others.empty()) return "is unreachable: everybody it speaks of is banned";
    std::vector<std::string> names;
    for (const std::size_t i : others) names.push_back(called(rules_.rules[i]));
    return fmt::format("is unreachable: {} decide everything it speaks of", fmt::join(names, ", "));
  }

 private:
  std::string why_covered(const Rule& rule, const Box& box, std::size_t by) const {
    const Rule& other = rules_.rules[by];
    if (refuses(rule) == refuses(other)) {
      return fmt::format("is shadowed: {} says the same of all it speaks of", called(other));
    }
    if (flows_.of(by) == box) return fmt::format("contradicts {}, which wins", called(other));
    return fmt::format("is shadowed: {} decides everything it speaks of, and the other way", called(other));
  }

  const RuleSet& rules_;
  Flows flows_;
};

struct Finding {
  bool alive = false;
  std::string why, machine;
};

}  // namespace

Problems check_rules(const Policy& policy) {
  std::map<const PolicyRule*, Finding> findings;
  for (const std::string& machine : distinct_machines(policy)) {
    const RuleSet rules = rule_set_for(policy, machine);
    const DeadRules dead(rules);
    for (std::size_t i = 0; i < rules.rules.size(); ++i) {
      Finding& finding = findings[rule_behind(policy, rules.rules[i])];
      if (finding.alive) continue;
      const auto why = dead.why_dead(i);
      finding.alive = !why;
      if (why && finding.why.empty()) finding = {false, *why, machine};
    }
  }
  Problems problems;
  for (const auto& [rule, finding] : findings) {
    if (finding.alive) continue;
    problems.push_back({.file = policy.file,
                        .line = rule->line,
                        .message = fmt::format("rule {} {} (on {})", rule->id, finding.why, finding.machine)});
  }
  return problems;
}

}  // namespace dozo::policy
