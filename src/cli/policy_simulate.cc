// dozo policy simulate: one connection, or every role against every role.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <charconv>
#include <ostream>

#include "cli/commands.h"
#include "cli/json_text.h"
#include "cli/policy_file.h"
#include "policy/simulate.h"
#include "policy/way.h"

namespace dozo::cli {
namespace {

using policy::Simulation;
using policy::Step;

std::optional<policy::Address> address_from(const Arguments& arguments, std::string_view option, Io& io) {
  const std::string typed = arguments.value(option).value_or("");
  const auto address = policy::address_from_string(typed);
  if (!address) io.err << fmt::format("dozo: {} {}: an address\n", option, on_one_line(typed));
  return address;
}

struct Port {
  policy::Protocol protocol;
  std::uint16_t number;
};
std::optional<Port> port_from(const Arguments& arguments, Io& io) {
  const std::string proto = arguments.value("--proto").value_or("tcp"),
                    typed = arguments.value("--port").value_or("445");
  const auto protocol = policy::protocol_from_string(proto);
  std::uint16_t number = 0;
  const auto [end, error] = std::from_chars(typed.data(), typed.data() + typed.size(), number);
  if (protocol && error == std::errc() && end == typed.data() + typed.size() && number != 0)
    return Port{*protocol, number};
  io.err << fmt::format("dozo: --proto is tcp or udp, and --port a number, not {} {}\n", on_one_line(proto),
                        on_one_line(typed));
  return std::nullopt;
}

std::string_view said(policy::Decision decision) {
  if (policy::is_refused(decision)) return "refused";
  return decision == policy::Decision::allow ? "let through" : "not decided by the policy";
}

void print_step(const Step& step, Io& io) {
  io.out << fmt::format("  {} {}, profile {}: {}\n",
                        step.flow.direction == policy::Direction::out  ? "out of"
                        : step.flow.direction == policy::Direction::in ? "into"
                                                                       : "through",
                        step.machine, to_string(step.flow.profile), step.model.reason);
  for (const policy::BackendAnswer& answer : step.backends) {
    const std::string rule = answer.verdict.rule.empty() ? std::string() : " by " + answer.verdict.rule;
    io.out << fmt::format("    {:12} {}{}{}\n", answer.backend, to_string(answer.verdict.decision), rule,
                          answer.agrees ? "" : fmt::format("   DIFFERS: {}", answer.why));
  }
}

void print(const Simulation& s, Io& io) {
  io.out << fmt::format("{} ({}) -> {} ({}), {} port {}{}: {}\n", to_string(s.question.from), s.from,
                        to_string(s.question.to), s.to, to_string(s.question.protocol), s.question.port,
                        s.question.ipsec ? ", protected by IPsec" : "", said(s.decision));
  for (const Step& step : s.steps) print_step(step, io);
  if (s.steps.empty()) io.out << "  neither end is a machine of the policy, and no gateway is between them\n";
}

std::string as_json(const policy::BackendAnswer& answer) {
  return fmt::format("{{\"backend\":{},\"verdict\":\"{}\",\"rule\":{},\"agrees\":{},\"why\":{}}}",
                     json_quoted(answer.backend), to_string(answer.verdict.decision), json_quoted(answer.verdict.rule),
                     answer.agrees, json_quoted(answer.why));
}

std::string as_json(const Step& step) {
  std::vector<std::string> backends;
  for (const policy::BackendAnswer& answer : step.backends) backends.push_back(as_json(answer));
  return fmt::format(
      "{{\"machine\":{},\"direction\":\"{}\",\"profile\":\"{}\",\"verdict\":\"{}\",\"rule\":{},\"line\":{},\"reason\":{"
      "},"
      "\"backends\":[{}]}}",
      json_quoted(step.machine), to_string(step.flow.direction), to_string(step.flow.profile),
      to_string(step.model.decision), json_quoted(step.model.rule), step.line, json_quoted(step.model.reason),
      fmt::join(backends, ","));
}

std::string as_json(const Simulation& s) {
  std::vector<std::string> steps;
  for (const Step& step : s.steps) steps.push_back(as_json(step));
  return fmt::format(
      "{{\"from\":\"{}\",\"to\":\"{}\",\"source\":{},\"destination\":{},\"protocol\":\"{}\",\"port\":{},\"ipsec\":{},"
      "\"verdict\":\"{}\",\"steps\":[{}]}}\n",
      to_string(s.question.from), to_string(s.question.to), json_quoted(s.from), json_quoted(s.to),
      to_string(s.question.protocol), s.question.port, s.question.ipsec, to_string(s.decision), fmt::join(steps, ","));
}

bool agrees(const Simulation& s) {
  return std::ranges::all_of(s.steps, [](const Step& step) {
    return std::ranges::all_of(step.backends, [](const auto& answer) { return answer.agrees || !answer.why.empty(); });
  });
}

// ---- The matrix ----

std::vector<std::string> matrix_names(const policy::Policy& policy) {
  std::vector<std::string> names;
  for (const std::string& machine : policy.machines()) {
    const bool gateway = policy.role_of(machine) == policy::Role::gateway;
    if (!gateway && !policy::addresses_of(policy, machine).empty()) names.push_back(machine);
  }
  for (const auto& [name, place] : policy.places) {
    if (place.kind == policy::Place::Kind::zone) names.push_back(name);
  }
  names.emplace_back("internet");
  return names;
}

std::string_view cell(policy::Reach reach) {
  static constexpr std::string_view kWords[] = {"yes", "some", "no", "-"};
  return kWords[static_cast<std::size_t>(reach)];
}

Exit print_matrix(const policy::Policy& policy, const Port& port, std::optional<policy::Profile> profile, bool json,
                  Io& io) {
  const std::vector<std::string> names = matrix_names(policy);
  std::size_t width = 8;
  for (const std::string& name : names) width = std::max(width, name.size() + 2);
  std::string cells, separator;
  if (!json) io.out << fmt::format("{:{}}", "FROM \\ TO", width);
  for (const std::string& to : names) {
    if (!json) io.out << fmt::format("{:{}}", to, width);
  }
  if (!json) io.out << '\n';
  for (const std::string& from : names) {
    if (!json) io.out << fmt::format("{:{}}", from, width);
    for (const std::string& to : names) {
      const auto reach = policy::reach_between(policy, {from, to, port.protocol, port.number, profile});
      if (!json) io.out << fmt::format("{:{}}", cell(reach), width);
      cells += fmt::format("{}{{\"from\":{},\"to\":{},\"reach\":\"{}\"}}", std::exchange(separator, ","),
                           json_quoted(from), json_quoted(to), cell(reach));
    }
    if (!json) io.out << '\n';
  }
  if (json) io.out << fmt::format("{{\"port\":{},\"matrix\":[{}]}}\n", port.number, cells);
  return Exit::done;
}

}  // namespace

Exit run_policy_simulate(const Arguments& arguments, Io& io) {
  const auto port = port_from(arguments, io);
  const auto profile = profile_from(arguments, io);
  if (!port || !profile) return Exit::usage;
  const bool matrix = arguments.flag("--matrix"), json = arguments.flag("--json");
  std::optional<policy::Address> from, to;
  if (!matrix) {
    from = address_from(arguments, "--from", io);
    to = address_from(arguments, "--to", io);
    if (!from || !to) return Exit::usage;
  }
  const auto policy = policy_from(arguments, io);
  if (!policy) return Exit::failed;
  if (matrix) return print_matrix(*policy, *port, *profile, json, io);
  const Simulation result = policy::simulate(*policy, {.from = *from,
                                                       .to = *to,
                                                       .protocol = port->protocol,
                                                       .port = port->number,
                                                       .profile = *profile,
                                                       .ipsec = arguments.flag("--ipsec")});
  if (json) {
    io.out << as_json(result);
  } else {
    print(result, io);
  }
  return agrees(result) ? Exit::done : Exit::failed;
}

}  // namespace dozo::cli
