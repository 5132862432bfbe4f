// The model's own answer: what a RuleSet lets through. It has the only precedence that every backend can be made to
// express: classes of rules, and no order between rules of one class but for which of them is named. A backend that
// takes the first match lists the classes in this order; Windows has it so by itself (bypass, block, allow).
//
//   1. loopback       Traffic of a host with itself never reaches a firewall: allow.
//   2. bans           The remote end is banned and the port is of a service closed to the banned: block. Remote is the
//                     source when `in`, the destination when `out`, either when `forward`. Open connections end too.
//   3. established    The connection was let in before: allow.
//   4. overriding     allow-if-secure with overrides_blocks, and the flow is protected by IPsec: allow.
//   5. blocks         block and reject; which of the two is the first one's to say.
//   6. allows         allow, and allow-if-secure when the flow is protected by IPsec: allow.
//   7. nothing        pass: not ours to decide.
//
// A rule matches a flow when the direction is the same, the profile is one of the rule's, the protocol is the same, the
// responder's port is one of the rule's, source and destination match `from` and `to`, and, when the rule names MAC
// addresses, the flow has one and it is among them. A `log` rule never decides.
#pragma once

#include <cstddef>
#include <vector>

#include "policy/model.h"

namespace dozo::policy {

// A RuleSet made ready for many questions. It keeps a reference: the RuleSet outlives it and does not change.
class Evaluator {
 public:
  explicit Evaluator(const RuleSet& rules);

  Verdict evaluate(const Flow& flow) const;
  // The same, only the index into rules.rules of what decided; nothing when it was no Rule.
  std::optional<std::size_t> deciding_rule(const Flow& flow) const;
  bool is_banned(const Flow& flow) const;

 private:
  struct Ready {
    AddressSpace from, to;
  };
  bool matches(std::size_t index, const Flow& flow) const;

  const RuleSet& rules_;
  std::vector<Ready> ready_;         // as rules_.rules
  std::vector<std::size_t> ranked_;  // indices by class, then by order; without log rules
  AddressSpace banned_;
};

Verdict evaluate(const RuleSet& rules, const Flow& flow);

// 4, 5 or 6 of the list above: the class of a rule that decides; nothing for log.
inline constexpr int kOverridingClass = 4, kBlockClass = 5, kAllowClass = 6;
std::optional<int> class_of(const Rule& rule);

}  // namespace dozo::policy
