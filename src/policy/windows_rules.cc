#include "policy/windows_rules.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "policy/emit_text.h"
#include "policy/evaluate.h"

namespace dozo::policy {
namespace {

constexpr std::size_t kAddressesPerRule = 1000;

// Sets of addresses are cut into pieces that one rule holds. Nobody's is no piece.
std::vector<AddressSpace> pieces_of(const AddressSpace& space) {
  if (space == AddressSpace::everything()) return {space};
  const std::vector<AddressRange> ranges = space.ranges();
  std::vector<AddressSpace> pieces;
  for (std::size_t at = 0; at < ranges.size(); at += kAddressesPerRule) {
    const auto first = ranges.begin() + static_cast<std::ptrdiff_t>(at);
    const auto last = ranges.begin() + static_cast<std::ptrdiff_t>(std::min(at + kAddressesPerRule, ranges.size()));
    pieces.push_back(AddressSpace::of({first, last}));
  }
  return pieces;
}

class RuleMaker {
 public:
  RuleMaker(const RuleSet& rules, const EmitOptions& options, Compiled& said) : rules_(rules), said_(said) {
    for (const Bans::Entry& entry : bans_at(rules.bans, options.now)) {
      banned_ = banned_.united(AddressSpace::of({entry.range}));
      ends_ = ends_ || entry.until;
    }
  }

  std::vector<WindowsRule> run() {
    add_bans();
    const Abilities abilities{.mac = false, .name = "Windows"};
    for (const Rule* rule : sayable(rules_, abilities, said_.gaps)) {
      if (rule->action == Action::log) {
        note(*rule, "Windows logs by profile, not by rule: Set-NetFirewallProfile -LogBlocked True -LogAllowed True");
      } else {
        add(*rule);
      }
    }
    if (ends_) said_.notes.emplace_back("Windows' rules do not expire: compile again when a ban has ended");
    return std::move(made_);
  }

 private:
  void note(const Rule& rule, std::string_view text) { said_.notes.push_back(fmt::format("{}: {}", rule.id, text)); }

  void add_bans() {
    for (const Protocol protocol : {Protocol::tcp, Protocol::udp}) {
      const PortSet ports = ports_of(rules_.bans.services, protocol);
      if (ports.empty()) continue;
      for (const bool inbound : {true, false}) {
        WindowsRule rule{.display = "Banned", .inbound = inbound, .protocol = protocol};
        (inbound ? rule.local_ports : rule.remote_ports) = ports;
        if (inbound) rule.edge = "Block";
        rule.remote = banned_;
        rule.authentication = "NotRequired";
        add_pieces(rule,
                   fmt::format("{}{}.{}.{}", kWindowsTag, kBansRule, inbound ? "in" : "out", to_string(protocol)));
      }
    }
  }

  void add(const Rule& rule) {
    const bool inbound = rule.direction == Direction::in;
    WindowsRule made{.display = rule.name, .inbound = inbound, .protocol = rule.protocol};
    made.allow = class_of(rule) != 5;
    made.profiles = rule.profiles;
    made.authentication = "NotRequired";
    if (rule.requires_ipsec()) made.authentication = null_encapsulated() ? "NoEncap" : "Required";
    made.overrides = rule.overrides_blocks;
    if (made.overrides && inbound) made.machines = kAuthenticatedMachines;
    // Edge traversal is a matter of inbound rules alone.
    if (inbound) made.edge = rule.edge == EdgeTraversal::allow ? "Allow" : "Block";
    made.remote = rules_.addresses_of(inbound ? rule.from : rule.to);
    made.local = rules_.addresses_of(inbound ? rule.to : rule.from);
    if (made.remote.empty() || made.local.empty())
      return note(rule, "it is about nobody, and there is nothing to write");
    add_ports(made, rule);
  }

  // On Windows what overrides blocks overrides those of the banned, too: they are left out of it.
  void add_ports(WindowsRule made, const Rule& rule) {
    PortSet& ports = made.inbound ? made.local_ports : made.remote_ports;
    const std::string name = std::string(kWindowsTag) + rule.id;
    const PortSet closed = ports_of(rules_.bans.services, rule.protocol).common(rule.ports);
    if (!made.overrides || banned_.empty() || closed.empty()) {
      ports = rule.ports;
      return add_pieces(made, name);
    }
    ports = rule.ports.without(closed);
    if (!ports.empty()) add_pieces(made, name + ".open");
    ports = closed;
    made.remote = made.remote.without(banned_);
    add_pieces(made, name);
  }

  void add_pieces(WindowsRule rule, const std::string& name) {
    const AddressSpace remote = rule.remote;
    std::size_t number = 0;
    for (const AddressSpace& piece : pieces_of(remote)) {
      ++number;
      rule.name = number == 1 ? name : fmt::format("{}.{}", name, number);
      rule.remote = piece;
      made_.push_back(rule);
    }
  }

  bool null_encapsulated() const {
    return std::ranges::any_of(rules_.connection_security, &ConnectionSecurity::null_encapsulation);
  }

  const RuleSet& rules_;
  Compiled& said_;
  AddressSpace banned_;
  bool ends_ = false;
  std::vector<WindowsRule> made_;
};

std::string port_text(const PortSet& ports) {
  if (ports.empty()) return "Any";
  std::vector<std::string> parts;
  for (const auto& [first, last] : ports.intervals()) {
    parts.push_back(first == last ? fmt::format("'{}'", first) : fmt::format("'{}-{}'", first, last));
  }
  return fmt::format("@({})", fmt::join(parts, ","));
}

}  // namespace

std::string windows_text(const Profiles& profiles) {
  if (profiles == Profiles::all()) return "Any";
  std::vector<std::string_view> parts;
  if (profiles.contains(Profile::domain)) parts.push_back("Domain");
  if (profiles.contains(Profile::priv)) parts.push_back("Private");
  if (profiles.contains(Profile::pub)) parts.push_back("Public");
  return fmt::format("{}", fmt::join(parts, ","));
}

std::string windows_text(const AddressSpace& space) {
  if (space == AddressSpace::everything()) return "Any";
  std::vector<std::string> parts;
  for (const AddressRange& range : space.ranges()) {
    const AddressNumber highest = highest_of(range.first.family), half = highest / 2;
    // All of a family is no address to Windows, two halves are.
    if (range.first.number == 0 && range.last.number == highest) {
      const Family family = range.first.family;
      for (const AddressRange& part :
           {AddressRange{{family, 0}, {family, half}}, {{family, half + 1}, {family, highest}}}) {
        parts.push_back("'" + short_text(part) + "'");
      }
    } else {
      parts.push_back("'" + short_text(range) + "'");
    }
  }
  return fmt::format("@({})", fmt::join(parts, ","));
}

std::string WindowsRule::id() const {
  const std::string_view rest = std::string_view(name).substr(std::min(kWindowsTag.size(), name.size()));
  return std::string(rest.substr(0, rest.find('.')));
}

std::vector<WindowsRule> windows_rules(const RuleSet& rules, const EmitOptions& options, Compiled& said) {
  return RuleMaker(rules, options, said).run();
}

std::vector<std::pair<std::string_view, std::string>> windows_fields(const WindowsRule& rule) {
  std::vector<std::pair<std::string_view, std::string>> fields = {
      {"Enabled", rule.enabled ? "True" : "False"},
      {"Direction", rule.inbound ? "Inbound" : "Outbound"},
      {"Action", rule.allow ? "Allow" : "Block"},
      {"Profile", windows_text(rule.profiles)},
      {"Protocol", rule.protocol == Protocol::tcp ? "TCP" : "UDP"},
      {"LocalPort", port_text(rule.local_ports)},
      {"RemotePort", port_text(rule.remote_ports)},
      {"LocalAddress", windows_text(rule.local)},
      {"RemoteAddress", windows_text(rule.remote)},
  };
  if (!rule.edge.empty()) fields.emplace_back("EdgeTraversalPolicy", rule.edge);
  fields.emplace_back("Authentication", rule.authentication);
  if (rule.overrides) fields.emplace_back("OverrideBlockRules", "$true");
  if (!rule.machines.empty()) fields.emplace_back("RemoteMachine", "'" + rule.machines + "'");
  return fields;
}

std::string to_string(const WindowsRule& rule) {
  std::string text = fmt::format("New-NetFirewallRule @Where -Name '{}' -DisplayName 'dozo: {}' -Group '{}'", rule.name,
                                 rule.display, kWindowsGroup);
  for (const auto& [name, value] : windows_fields(rule)) text += fmt::format(" -{} {}", name, value);
  return text + " | Out-Null";
}

}  // namespace dozo::policy
