// dozo policy impact: what runs over these ports here now.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <ostream>

#include "cli/commands.h"
#include "cli/json_text.h"
#include "cli/policy_file.h"
#include "policy/evaluate.h"
#include "policy/impact.h"
#include "policy/lower.h"

namespace dozo::cli {
namespace {

// What the policy says of this computer, when there is one.
struct Judge {
  policy::RuleSet rules;
  std::vector<policy::Service> services = policy::known_services();
  policy::Profile profile = policy::Profile::domain;
  bool domain_member = true;
  bool present = false;

  std::string verdict(const policy::SocketUse& use) const {
    const auto flow = policy::flow_of(use, services, profile);
    if (!present || !flow) return "";
    return std::string(to_string(policy::evaluate(rules, *flow).decision));
  }
};

std::string end_of(const policy::Address& address, std::uint16_t port) {
  const bool v6 = address.family == policy::Family::v6;
  return fmt::format("{}{}{}:{}", v6 ? "[" : "", to_string(address), v6 ? "]" : "", port);
}

std::string program_of(const policy::SocketUse& use) {
  return use.pid == 0 ? std::string("(another user's)") : fmt::format("{} ({})", on_one_line(use.program), use.pid);
}

void print(const std::vector<policy::SocketUse>& uses, const Judge& judge, Io& io) {
  if (uses.empty()) io.out << "Nothing on this computer uses these ports.\n";
  for (const policy::SocketUse& use : uses) {
    const std::string far = use.is_listener() ? std::string("-") : end_of(use.remote, use.remote_port);
    const std::string verdict = judge.verdict(use);
    io.out << fmt::format("{} {:30} {:30} {:12} {}{}\n", to_string(use.protocol), end_of(use.local, use.local_port),
                          far, use.state, program_of(use), verdict.empty() ? "" : "  policy: " + verdict);
  }
}

void print_units(const std::vector<policy::UnitState>& units, const Judge& judge, Io& io) {
  for (const policy::UnitState& unit : units) {
    if (!unit.running) continue;
    std::string advice;
    if (judge.present) {
      const auto stop = policy::may_stop(unit.service, judge.rules.role, judge.domain_member);
      advice = fmt::format("; {}: {}", stop.may ? "may be stopped" : "must not be stopped", stop.why);
    }
    io.out << fmt::format("{} runs{}\n", unit.unit, advice);
  }
}

std::string as_json(const policy::SocketUse& use, const Judge& judge) {
  return fmt::format(
      "{{\"protocol\":\"{}\",\"local\":\"{}\",\"local_port\":{},\"remote\":\"{}\",\"remote_port\":{},\"state\":\"{}\","
      "\"pid\":{},"
      "\"program\":{},\"policy\":\"{}\"}}",
      to_string(use.protocol), to_string(use.local), use.local_port, to_string(use.remote), use.remote_port, use.state,
      use.pid, json_quoted(use.program), judge.verdict(use));
}

std::string as_json(const policy::UnitState& unit, const Judge& judge) {
  const auto stop = policy::may_stop(unit.service, judge.rules.role, judge.domain_member);
  const std::string advice =
      judge.present ? fmt::format(",\"may_stop\":{},\"why\":{}", stop.may, json_quoted(stop.why)) : std::string();
  return fmt::format("{{\"unit\":{},\"running\":{}{}}}", json_quoted(unit.unit), unit.running, advice);
}

// Nothing after an error. Without --policy nobody is judged.
std::optional<Judge> judge_from(const Arguments& arguments, Io& io) {
  Judge judge;
  const auto profile = profile_from(arguments, io);
  if (!profile) return std::nullopt;
  if (!arguments.flag("--policy")) return judge;
  const auto policy = policy_from(arguments, io);
  const auto machine = policy ? machine_from(arguments, *policy, policy::Mode::host, io) : std::nullopt;
  if (!machine) return std::nullopt;
  const policy::RoleSettings& role = policy->roles.at(*policy->role_of(*machine));
  judge.rules = policy::rule_set_for(*policy, *machine);
  judge.services = policy->services;
  judge.profile = profile->value_or(role.profile);
  judge.domain_member = role.domain_member;
  judge.present = true;
  return judge;
}

}  // namespace

Exit run_policy_impact(const Arguments& arguments, Io& io) {
  const auto judge = judge_from(arguments, io);
  if (!judge) return Exit::usage;
  const auto uses = policy::sockets_of_services(judge->services, "/proc");
  const auto units = policy::smb_units("/sys/fs/cgroup");
  if (!arguments.flag("--json")) {
    print(uses, *judge, io);
    print_units(units, *judge, io);
    return Exit::done;
  }
  std::vector<std::string> sockets, states;
  for (const auto& use : uses) sockets.push_back(as_json(use, *judge));
  for (const auto& unit : units) states.push_back(as_json(unit, *judge));
  io.out << fmt::format("{{\"sockets\":[{}],\"units\":[{}]}}\n", fmt::join(sockets, ","), fmt::join(states, ","));
  return Exit::done;
}

}  // namespace dozo::cli
