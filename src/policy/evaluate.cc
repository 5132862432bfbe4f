#include "policy/evaluate.h"

#include <fmt/format.h>

#include <algorithm>

namespace dozo::policy {
namespace {

bool among(const std::vector<Service>& services, const Flow& flow) {
  return std::ranges::any_of(
      services, [&](const Service& s) { return s.protocol == flow.protocol && s.ports.contains(flow.port); });
}

Decision decision_of(Action action) {
  if (action == Action::block) return Decision::block;
  return action == Action::reject ? Decision::reject : Decision::allow;
}

std::string reason_of(const Rule& rule) {
  const std::string where = rule.line == 0 ? std::string() : fmt::format(" (line {})", rule.line);
  const std::string_view why = rule.overrides_blocks ? ", protected by IPsec, which overrides blocks" : "";
  return fmt::format("{} by rule {}{}: {}{}", to_string(rule.action), rule.id, where, rule.name, why);
}

}  // namespace

std::optional<int> class_of(const Rule& rule) {
  switch (rule.action) {
    case Action::allow_if_secure:
      return rule.overrides_blocks ? kOverridingClass : kAllowClass;
    case Action::block:
    case Action::reject:
      return kBlockClass;
    case Action::allow:
      return kAllowClass;
    case Action::log:
      break;
  }
  return std::nullopt;
}

Evaluator::Evaluator(const RuleSet& rules) : rules_(rules), banned_(rules.bans.addresses()) {
  for (std::size_t i = 0; i < rules.rules.size(); ++i) {
    const Rule& rule = rules.rules[i];
    ready_.push_back({rules.addresses_of(rule.from), rules.addresses_of(rule.to)});
    if (class_of(rule)) ranked_.push_back(i);
  }
  std::ranges::sort(ranked_, {}, [&](std::size_t i) { return std::pair(*class_of(rules_.rules[i]), i); });
}

bool Evaluator::matches(std::size_t index, const Flow& flow) const {
  const Rule& rule = rules_.rules[index];
  if (rule.direction != flow.direction || rule.protocol != flow.protocol || !rule.ports.contains(flow.port))
    return false;
  if (!rule.profiles.contains(flow.profile) || (rule.requires_ipsec() && !flow.ipsec)) return false;
  if (!ready_[index].from.contains(flow.source) || !ready_[index].to.contains(flow.destination)) return false;
  if (rule.macs.empty()) return true;
  const auto macs = rules_.mac_sets.find(rule.macs);
  return flow.mac && macs != rules_.mac_sets.end() && std::ranges::binary_search(macs->second, *flow.mac);
}

bool Evaluator::is_banned(const Flow& flow) const {
  if (!among(rules_.bans.services, flow)) return false;
  return (flow.direction != Direction::out && banned_.contains(flow.source)) ||
         (flow.direction != Direction::in && banned_.contains(flow.destination));
}

std::optional<std::size_t> Evaluator::deciding_rule(const Flow& flow) const {
  const auto found = std::ranges::find_if(ranked_, [&](std::size_t i) { return matches(i, flow); });
  if (found == ranked_.end()) return std::nullopt;
  return *found;
}

Verdict Evaluator::evaluate(const Flow& flow) const {
  if (is_loopback(flow.source) || is_loopback(flow.destination) || flow.source == flow.destination) {
    return {Decision::allow, std::string(kLoopbackRule), "a host's traffic with itself reaches no firewall"};
  }
  if (is_banned(flow)) return {Decision::block, std::string(kBansRule), "the other end is banned"};
  if (flow.established) {
    return {Decision::allow, std::string(kEstablishedRule), "the connection was let in before"};
  }
  const auto found = deciding_rule(flow);
  if (!found) return {Decision::pass, "", "no rule of the policy speaks of it"};
  const Rule& rule = rules_.rules[*found];
  return {decision_of(rule.action), rule.id, reason_of(rule)};
}

Verdict evaluate(const RuleSet& rules, const Flow& flow) { return Evaluator(rules).evaluate(flow); }

}  // namespace dozo::policy
