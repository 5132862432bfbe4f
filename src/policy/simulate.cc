#include "policy/simulate.h"

#include <algorithm>

#include "policy/evaluate.h"
#include "policy/lower.h"
#include "policy/way.h"

namespace dozo::policy {
namespace {

bool same(Decision a, Decision b) { return a == b || (is_refused(a) && is_refused(b)); }

BackendAnswer ask(const Backend& backend, const RuleSet& rules, const Step& step) {
  BackendAnswer answer{.backend = backend.name};
  const Compiled compiled = compile(backend, rules, {.profile = step.flow.profile});
  const auto read = backend.parse(compiled.text);
  if (!read) {
    answer.why = read.error().message;
    return answer;
  }
  answer.verdict = (*read)->evaluate(step.flow);
  answer.agrees = same(answer.verdict.decision, step.model.decision);
  for (const Gap& gap : compiled.gaps) {
    if (!answer.agrees && explains(gap, step.flow, step.model.rule)) answer.why = gap.text;
  }
  return answer;
}

bool speaks_of(const Backend& backend, Mode mode) { return mode == Mode::host ? backend.host : backend.perimeter; }

Step step_at(const Policy& policy, const std::string& machine, const Question& question, Direction direction) {
  const RuleSet rules = rule_set_for(policy, machine);
  const Address& own = direction == Direction::in ? question.to : question.from;
  Step step{.machine = machine};
  step.flow = {.direction = direction,
               .source = question.from,
               .destination = question.to,
               .protocol = question.protocol,
               .port = question.port,
               .profile = question.profile.value_or(profile_at(policy, machine, own)),
               .ipsec = question.ipsec};
  step.model = evaluate(rules, step.flow);
  const auto rule = std::ranges::find(rules.rules, step.model.rule, &Rule::id);
  if (rule != rules.rules.end()) step.line = rule->line;
  for (const Backend& backend : backends()) {
    const bool on_loopback = step.model.rule == kLoopbackRule;
    if (speaks_of(backend, rules.mode) && !on_loopback) step.backends.push_back(ask(backend, rules, step));
  }
  return step;
}

}  // namespace

Profile profile_at(const Policy& policy, const std::string& machine, const Address& address) {
  if (const auto host = policy.hosts.find(machine); host != policy.hosts.end() && host->second.profile) {
    return *host->second.profile;
  }
  if (const auto of_zone = profile_from_string(policy.zone_at(address))) return *of_zone;
  const auto role = policy.role_of(machine);
  return role ? policy.roles.at(*role).profile : Profile::domain;
}

Simulation simulate(const Policy& policy, const Question& question) {
  Simulation result{.question = question};
  const auto source = policy.machine_at(question.from), destination = policy.machine_at(question.to);
  result.from = source.value_or(policy.zone_at(question.from));
  result.to = destination.value_or(policy.zone_at(question.to));
  if (source && policy.role_of(*source) != Role::gateway) {
    result.steps.push_back(step_at(policy, *source, question, Direction::out));
  }
  const bool crosses = policy.zone_at(question.from) != policy.zone_at(question.to);
  for (const std::string& machine : crosses ? gateways(policy) : std::vector<std::string>()) {
    result.steps.push_back(step_at(policy, machine, question, Direction::forward));
  }
  if (destination && policy.role_of(*destination) != Role::gateway) {
    result.steps.push_back(step_at(policy, *destination, question, Direction::in));
  }
  for (const Step& step : result.steps) {
    if (is_refused(result.decision)) break;
    if (step.model.decision != Decision::pass) result.decision = step.model.decision;
  }
  return result;
}

}  // namespace dozo::policy
