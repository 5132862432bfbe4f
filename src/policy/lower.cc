#include "policy/lower.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/assert.h"
#include "policy/policy_reader.h"

namespace dozo::policy {
namespace {

constexpr std::size_t kSetNameMax = 25;

// Windows' predefined rules that let SMB pipes and shares in, of KB 3185535. By name: display names are translated.
std::vector<BuiltinRule> windows_rules() {
  return {{"FPS-SMB-In-TCP", "File and Printer Sharing (SMB-In)"},
          {"FPS-SMB-In-TCP-NoScope", "File and Printer Sharing (SMB-In)"},
          {"Netlogon-NamedPipe-In", "Netlogon Service (NP-In)"},
          {"RemoteEventLogSvc-NP-In-TCP", "Remote Event Log Management (NP-In)"},
          {"RemoteEventLogSvc-NP-In-TCP-NoScope", "Remote Event Log Management (NP-In)"},
          {"RemoteSvcAdmin-NP-In-TCP", "Remote Service Management (NP-In)"},
          {"RemoteSvcAdmin-NP-In-TCP-NoScope", "Remote Service Management (NP-In)"}};
}

std::string title_of(const Policy& policy, const std::string& machine) {
  std::string title = fmt::format("{}, policy {}", machine, policy.name);
  std::erase_if(title, [](char c) {
    return c < ' ' || c > '~' || std::string_view("\"'`\\$").find(c) != std::string_view::npos;
  });
  return title;
}

class Lowering {
 public:
  Lowering(const Policy& policy, const std::string& machine) : policy_(policy), machine_(machine) {
    const auto role = policy.role_of(machine);
    DOZO_ASSERT(role.has_value());
    rules_.host = machine;
    rules_.title = title_of(policy, machine);
    rules_.role = *role;
    rules_.mode = *role == Role::gateway ? Mode::perimeter : Mode::host;
  }

  RuleSet run() {
    for (const PolicyRule& rule : policy_.rules) {
      if (applies(rule)) add(rule);
    }
    rules_.bans = policy_.bans;
    if (rules_.mode == Mode::host) add_host_parts();
    return std::move(rules_);
  }

 private:
  bool applies(const PolicyRule& rule) const {
    const auto host = policy_.hosts.find(machine_);
    const auto names = [&](std::string_view name) { return std::ranges::count(rule.on, name) != 0; };
    if (host != policy_.hosts.end() && std::ranges::count(host->second.without, rule.id) != 0) return false;
    return names(machine_) || names(to_string(rules_.role));
  }

  void add(const PolicyRule& source) {
    const auto is_tcp = [](const Service& s) { return s.protocol == Protocol::tcp; };
    const bool one_protocol =
        std::ranges::all_of(source.services, is_tcp) || std::ranges::none_of(source.services, is_tcp);
    for (const Protocol protocol : {Protocol::tcp, Protocol::udp}) {
      PortSet ports;
      for (const Service& service : source.services) {
        if (service.protocol == protocol) ports = ports.united(service.ports);
      }
      if (ports.empty()) continue;
      Rule rule{.id = source.id, .name = source.name, .line = source.line, .direction = source.direction};
      if (!one_protocol) rule.id += fmt::format("-{}", to_string(protocol));
      rule.profiles = source.profiles;
      rule.protocol = protocol;
      rule.ports = ports;
      rule.from = match_of(source.from, source.line);
      rule.to = match_of(source.to, source.line);
      rule.macs = source.macs;
      if (!source.macs.empty()) rules_.mac_sets[source.macs] = policy_.mac_sets.at(source.macs);
      rule.action = source.action;
      rule.overrides_blocks = source.overrides_blocks;
      rule.edge = source.edge;
      rule.log = source.log;
      rules_.rules.push_back(std::move(rule));
    }
  }

  AddressMatch match_of(const End& end, std::uint32_t line) {
    if (end.kind == AddressMatch::Kind::any) return {};
    std::string base = as_word(end.name, '_', kSetNameMax - 3);
    if (base.empty() || base[0] < 'a') base = "s" + base;
    std::string name = base;
    for (int number = 2;; ++number) {
      const auto [there, added] =
          rules_.sets.try_emplace(name, NamedSet{end.addresses, end.azure_tag, line_of(end, line)});
      if (added || there->second.addresses == end.addresses) return {end.kind, name};
      name = fmt::format("{}_{}", base, number);
    }
  }

  std::uint32_t line_of(const End& end, std::uint32_t line) const {
    const auto place = policy_.places.find(end.name);
    return place == policy_.places.end() ? line : place->second.line;
  }

  void add_host_parts() {
    const RoleSettings& role = policy_.roles.at(rules_.role);
    if (role.windows_rules_off) rules_.builtin_off = windows_rules();
    rules_.services = {{SystemService::server, role.stop_server, role.stop_server ? "shares nothing" : "kept as it is"},
                       {SystemService::workstation, role.stop_workstation,
                        role.stop_workstation ? "connects nowhere" : "kept as it is"}};
    if (policy_.has_ipsec(machine_)) rules_.connection_security = {connection_security()};
  }

  ConnectionSecurity connection_security() const {
    using Mode = IpsecSettings::Mode;
    const IpsecSettings& ipsec = policy_.ipsec;
    ConnectionSecurity security{.id = "ipsec", .name = "Authenticate by IPsec", .line = ipsec.line};
    security.require_in = ipsec.mode == Mode::require_in || ipsec.mode == Mode::require;
    security.require_out = ipsec.mode == Mode::require;
    security.user_too = ipsec.user;
    security.null_encapsulation = ipsec.null_encapsulation;
    return security;
  }

  const Policy& policy_;
  const std::string& machine_;
  RuleSet rules_;
};

}  // namespace

RuleSet rule_set_for(const Policy& policy, const std::string& machine) { return Lowering(policy, machine).run(); }

const PolicyRule* rule_behind(const Policy& policy, const Rule& rule) {
  const auto same = [&](const PolicyRule& source) {
    return source.id == rule.id || source.id + "-tcp" == rule.id || source.id + "-udp" == rule.id;
  };
  const auto found = std::ranges::find_if(policy.rules, same);
  return found == policy.rules.end() ? nullptr : &*found;
}

}  // namespace dozo::policy
