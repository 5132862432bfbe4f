#include "policy/checks.h"

#include <fmt/format.h>

#include <algorithm>
#include <sstream>

#include "policy/evaluate.h"
#include "policy/lower.h"
#include "policy/region.h"
#include "policy/way.h"

namespace dozo::policy {
namespace {

using Severity = Problem::Severity;

Problem at(const Policy& policy, std::uint32_t line, std::string message, Severity severity = Severity::error) {
  return {policy.file, line, severity, std::move(message)};
}

bool is_server(Role role) { return role == Role::fileserver || role == Role::domain_controller || role == Role::nas; }

// Whom a server serves when the file does not say.
std::vector<std::string> usually_served(const Policy& policy, Role server) {
  std::vector<std::string> served;
  for (const auto& [role, settings] : policy.roles) {
    const bool needs_dc = server == Role::domain_controller && role == Role::fileserver;
    if (role == Role::client || role == Role::laptop || needs_dc) served.emplace_back(to_string(role));
  }
  return served;
}

// A problem when any flow from `user` to `server` is refused on its way.
void check_need(const Policy& policy, const std::string& server, const std::string& user, Problems& problems) {
  for (const Stretch& stretch : way_between(policy, {.from = user, .to = server})) {
    const RuleSet rules = rule_set_for(policy, stretch.machine);
    const Flows flows(rules);
    const Region refused = flows.refused({stretch.box});
    if (refused.empty()) continue;
    const Flow flow = flows.sample(refused.front());
    const Verdict verdict = evaluate(rules, flow);
    const auto rule = std::ranges::find(rules.rules, verdict.rule, &Rule::id);
    problems.push_back(
        at(policy, rule == rules.rules.end() ? 0 : rule->line,
           fmt::format("{} is cut off from {}, which needs it: rule {} on {} refuses {} to {} port 445", server, user,
                       verdict.rule, stretch.machine, to_string(flow.source), to_string(flow.destination))));
  }
}

// One end of a rule that holds over IPsec alone.
void check_far_end(const Policy& policy, const PolicyRule& rule, Problems& problems) {
  const End& end = rule.direction == Direction::in ? rule.from : rule.to;
  if (end.kind != AddressMatch::Kind::in) return;
  AddressSpace unknown = end.addresses;
  for (const auto& [role, settings] : policy.roles) {
    unknown = unknown.without(settings.members);
    if (settings.ipsec || settings.members.common(end.addresses).empty()) continue;
    problems.push_back(
        at(policy, rule.line,
           fmt::format("rule {} holds over IPsec alone, and its other end, {}, has none: put it in [ipsec] on", rule.id,
                       to_string(role))));
  }
  for (const auto& [name, host] : policy.hosts) unknown = unknown.without(host.addresses);
  if (unknown.empty()) return;
  problems.push_back(
      at(policy, rule.line,
         fmt::format("rule {} holds over IPsec alone; whether {} has it nobody can say, for it is in no role", rule.id,
                     to_string(unknown.prefixes().front())),
         Severity::warning));
}

}  // namespace

std::vector<std::string> distinct_machines(const Policy& policy) {
  std::vector<std::string> machines;
  for (const auto& [role, settings] : policy.roles) machines.emplace_back(to_string(role));
  for (const auto& [name, host] : policy.hosts) {
    const bool own_rule = std::ranges::any_of(
        policy.rules, [&](const PolicyRule& rule) { return std::ranges::count(rule.on, name) != 0; });
    if (own_rule || !host.without.empty()) machines.push_back(name);
  }
  return machines;
}

Problems check_needs(const Policy& policy) {
  Problems problems;
  for (const std::string& server : distinct_machines(policy)) {
    const Role role = *policy.role_of(server);
    if (!is_server(role)) continue;
    const auto& named = policy.roles.at(role).serves;
    for (const std::string& user : named.empty() ? usually_served(policy, role) : named) {
      check_need(policy, server, user, problems);
    }
  }
  return problems;
}

Problems check_ipsec(const Policy& policy) {
  Problems problems;
  for (const PolicyRule& rule : policy.rules) {
    if (rule.action != Action::allow_if_secure || rule.direction == Direction::forward) continue;
    for (const std::string& machine : rule.on) {
      if (policy.has_ipsec(machine)) continue;
      problems.push_back(
          at(policy, rule.line,
             fmt::format("rule {} holds over IPsec alone, and {} has none: put it in [ipsec] on, else what the "
                         "rule is to let through stays blocked",
                         rule.id, machine)));
    }
    if (policy.ipsec.mode != IpsecSettings::Mode::off) check_far_end(policy, rule, problems);
  }
  return problems;
}

Problems check_services(const Policy& policy) {
  Problems problems;
  for (const auto& [role, settings] : policy.roles) {
    if (settings.stop_server && is_server(role)) {
      problems.push_back(
          at(policy, settings.stop_server_line,
             fmt::format("the server service of a {} must not be stopped: it is what it is for", to_string(role))));
    }
    if (settings.stop_workstation && settings.domain_member) {
      problems.push_back(
          at(policy, settings.stop_workstation_line,
             fmt::format("the workstation service of a {} must not be stopped: a member of a domain reads its "
                         "group policy through it (else: domain_member = false)",
                         to_string(role))));
    }
  }
  return problems;
}

Problems check_policy(const Policy& policy) {
  Problems all;
  for (const auto check : {check_rules, check_needs, check_ipsec, check_services}) {
    for (Problem& problem : check(policy)) all.push_back(std::move(problem));
  }
  put_in_order(all);
  return all;
}

Problems check_sessions(const Policy& policy, const std::string& machine, const std::vector<AdminSession>& sessions) {
  Problems problems;
  const RuleSet rules = rule_set_for(policy, machine);
  for (const AdminSession& session : sessions) {
    Flow fresh = session.flow;
    fresh.established = false;
    const Verdict verdict = evaluate(rules, fresh);
    if (!is_refused(verdict.decision)) continue;
    const auto rule = std::ranges::find(rules.rules, verdict.rule, &Rule::id);
    problems.push_back(at(policy, rule == rules.rules.end() ? 0 : rule->line,
                          fmt::format("on {} your own {} session ({} to port {}) would be refused: {}", machine,
                                      session.name, to_string(fresh.source), fresh.port, verdict.reason)));
  }
  return problems;
}

std::optional<AdminSession> session_of_ssh(std::string_view ssh_connection, Profile profile) {
  std::istringstream words{std::string(ssh_connection)};
  std::string source, destination;
  unsigned source_port = 0, port = 0;
  if (!(words >> source >> source_port >> destination >> port) || source_port > 0xFFFF || port > 0xFFFF)
    return std::nullopt;
  const auto from = address_from_string(source), to = address_from_string(destination);
  if (!from || !to) return std::nullopt;
  AdminSession session{.name = "SSH"};
  session.flow.source = *from;
  session.flow.destination = *to;
  session.flow.source_port = static_cast<std::uint16_t>(source_port);
  session.flow.port = static_cast<std::uint16_t>(port);
  session.flow.profile = profile;
  session.flow.established = true;
  return session;
}

}  // namespace dozo::policy
