// Windows Defender Firewall: a PowerShell script for the local store or a group policy. Bypass over block over allow,
// whatever the order ([MS-FASP] FW_RULE_ACTION).
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "policy/emit.h"
#include "policy/emit_text.h"
#include "policy/evaluate.h"
#include "policy/windows_rules.h"

namespace dozo::policy {
namespace {

constexpr std::string_view kWindowsFirstLine = "# dozo policy for windows";
constexpr std::string_view kRequires =
    "#Requires -Version 5.1\n"
    "#Requires -RunAsAdministrator\n"
    "$ErrorActionPreference = 'Stop'\n";
constexpr std::string_view kSaved = "$Saved = Join-Path $env:ProgramData 'dozo-policy-before.txt'\n";
constexpr std::string_view kRemove =
    "Remove-NetFirewallRule @Where -Group 'dozo' -ErrorAction SilentlyContinue\n"
    "Remove-NetIPsecRule @Where -Group 'dozo' -ErrorAction SilentlyContinue\n"
    "Remove-NetIPsecPhase1AuthSet @Where -Group 'dozo' -ErrorAction SilentlyContinue\n"
    "Remove-NetIPsecPhase2AuthSet @Where -Group 'dozo' -ErrorAction SilentlyContinue\n"
    "Remove-NetIPsecQuickModeCryptoSet @Where -Group 'dozo' -ErrorAction SilentlyContinue\n";
// Only what was on is written down, so that undo does not switch on what was off before. Run again, nothing is on.
constexpr std::string_view kDisable =
    "$Enabled = @(Get-NetFirewallRule @Where -Name $Builtin -ErrorAction SilentlyContinue | "
    "Where-Object { $_.Enabled -eq 'True' } | ForEach-Object { $_.Name })\n"
    "if ($Enabled.Count) { Add-Content -Path $Saved -Value ($Enabled | ForEach-Object { \"rule $_\" }); "
    "Disable-NetFirewallRule @Where -Name $Enabled }\n";
constexpr std::string_view kRestore =
    "if (Test-Path $Saved) {\n"
    "  foreach ($Line in Get-Content $Saved | Sort-Object -Unique) {\n"
    "    $Kind, $Name, $Mode = $Line -split ' '\n"
    "    if ($Kind -eq 'rule') { Enable-NetFirewallRule @Where -Name $Name }\n"
    "    if ($Kind -eq 'service') { Set-Service -Name $Name -StartupType $Mode; Start-Service -Name $Name }\n"
    "  }\n"
    "  Remove-Item $Saved\n"
    "}\n";

std::string quoted(std::string_view text) {
  std::string out = "'";
  for (const char c : text) {
    if (c == '\'') out += '\'';
    if (c >= ' ') out += c;  // a line break would end the command
  }
  return out + "'";
}

std::string where(const EmitOptions& options) {
  if (options.store.empty()) return "$Where = @{ PolicyStore = 'PersistentStore' }\n";
  return fmt::format("$Session = Open-NetGPO -PolicyStore {}\n$Where = @{{ GPOSession = $Session }}\n",
                     quoted(options.store));
}
std::string saved_session(const EmitOptions& options) {
  return options.store.empty() ? "" : "Save-NetGPO -GPOSession $Session\n";
}

// Kerberos of the computer, and of the user when that is wanted, for what goes to `remote`.
std::string to_string(const ConnectionSecurity& security, const RuleSet& rules) {
  const std::string tag = std::string(kWindowsTag) + security.id;
  const std::string common = fmt::format("-DisplayName 'dozo: {}' -Group '{}'", security.name, kWindowsGroup);
  std::string text = fmt::format(
      "New-NetIPsecPhase1AuthSet @Where -Name '{}.computer' {} -Proposal (New-NetIPsecAuthProposal -Machine -Kerberos) "
      "| Out-Null\n",
      tag, common);
  std::string sets = fmt::format(" -Phase1AuthSet '{}.computer'", tag);
  if (security.user_too) {
    text += fmt::format(
        "New-NetIPsecPhase2AuthSet @Where -Name '{}.user' {} -Proposal (New-NetIPsecAuthProposal -User -Kerberos) | "
        "Out-Null\n",
        tag, common);
    sets += fmt::format(" -Phase2AuthSet '{}.user'", tag);
  }
  if (security.null_encapsulation) {
    text += fmt::format(
        "New-NetIPsecQuickModeCryptoSet @Where -Name '{}.clear' {} -Proposal (New-NetIPsecQuickModeCryptoProposal "
        "-Encapsulation None) | Out-Null\n",
        tag, common);
    sets += fmt::format(" -QuickModeCryptoSet '{}.clear'", tag);
  }
  return text + fmt::format(
                    "New-NetIPsecRule @Where -Name '{}' {} -Enabled True -Mode Transport -InboundSecurity {} "
                    "-OutboundSecurity {}{} -Profile {} -RemoteAddress {} | Out-Null\n",
                    tag, common, security.require_in ? "Require" : "Request",
                    security.require_out ? "Require" : "Request", sets, windows_text(security.profiles),
                    windows_text(rules.addresses_of(security.remote)));
}

std::string disabled_builtins(const RuleSet& rules) {
  if (rules.builtin_off.empty()) return "";
  std::vector<std::string> names;
  std::string text;
  for (const BuiltinRule& rule : rules.builtin_off) {
    // What is there once for each network has a tail: FPS-SMB-In-TCP-NoScope.
    names.push_back(quoted(rule.name + "*"));
    text += fmt::format("# {}: {}\n", rule.name, rule.display);
  }
  return text + fmt::format("$Builtin = @({})\n{}", fmt::join(names, ","), kDisable);
}

std::string stopped_service(const ServiceState& state) {
  const std::string_view name = state.service == SystemService::server ? "LanmanServer" : "LanmanWorkstation";
  return fmt::format(
      "# {0}: {1}\n"
      "$Mode = (Get-Service -Name {0}).StartType\n"
      "if ($Mode -ne 'Disabled') {{ Add-Content -Path $Saved -Value \"service {0} $Mode\" }}\n"
      "Set-Service -Name {0} -StartupType Disabled\n"
      "Stop-Service -Name {0} -Force\n",
      name, state.why);
}

// What is of the machine that the script runs on, and not of a policy that others take over.
std::string of_this_machine(const RuleSet& rules, const EmitOptions& options, Compiled& compiled) {
  const bool stops = std::ranges::any_of(rules.services, &ServiceState::stop);
  if (!options.store.empty()) {
    if (!rules.builtin_off.empty()) {
      compiled.notes.emplace_back(
          "predefined rules are of each machine's own store: no group policy switches them off");
    }
    if (stops) compiled.notes.emplace_back("services are stopped by the policy's System Services, not by this script");
    return "";
  }
  std::string text = disabled_builtins(rules);
  for (const ServiceState& state : rules.services) {
    if (state.stop) text += stopped_service(state);
  }
  return text.empty() ? "" : std::string(kSaved) + text;
}

void add_gap_for_what_is_open(const RuleSet& rules, Compiled& compiled) {
  if (std::ranges::none_of(rules.rules, [](const Rule& rule) { return class_of(rule) == 5; })) return;
  compiled.gaps.push_back({.lack = Lack::established,
                           .rule = std::string(kEstablishedRule),
                           .only_established = true,
                           .text =
                               "Windows asks its rules again for open connections when they change: what is blocked "
                               "ends at once"});
}

void add_notes(const RuleSet& rules, Compiled& compiled) {
  const auto about = [&](auto which) { return std::ranges::any_of(rules.rules, which); };
  if (about([](const Rule& r) { return r.direction == Direction::out; })) {
    compiled.notes.emplace_back("edge traversal is a matter of inbound rules alone: outbound ones do not name it");
  }
  if (about([](const Rule& r) { return r.overrides_blocks && r.direction == Direction::in; })) {
    compiled.notes.emplace_back(
        "inbound rules that override blocks name who may: every computer that IPsec authenticated (RemoteMachine AU)");
  }
  if (about([](const Rule& r) { return r.action == Action::reject; })) {
    compiled.notes.emplace_back("Windows does not answer what it blocks: reject is block");
  }
}

// Lines beside the rules that the script may have: each is known whole, or by its beginning.
bool is_known_line(const TextLine& line) {
  static constexpr std::string_view kBeginnings[] = {
      "#",
      "$Where = @{ ",
      "$Session = Open-NetGPO -PolicyStore '",
      "$Builtin = @(",
      "New-NetIPsecPhase1AuthSet @Where -Name 'dozo-",
      "New-NetIPsecPhase2AuthSet @Where -Name 'dozo-",
      "New-NetIPsecQuickModeCryptoSet @Where -Name 'dozo-",
      "New-NetIPsecRule @Where -Name 'dozo-",
      "$Mode = (Get-Service -Name Lanman",
      "if ($Mode -ne 'Disabled') { Add-Content -Path $Saved -Value \"service Lanman",
      "Set-Service -Name Lanman",
      "Stop-Service -Name Lanman",
      "Save-NetGPO -GPOSession $Session",
  };
  if (std::ranges::any_of(kBeginnings, [&](std::string_view b) { return line.text.starts_with(b); })) return true;
  const std::string with_end = line.text + "\n";
  return std::ranges::any_of(std::array{kRequires, kSaved, kRemove, kDisable},
                             [&](std::string_view known) { return known.contains(with_end); });
}

MatchLine match_line(const WindowsRule& rule) {
  MatchLine line{.rule = rule.id(), .decision = rule.allow ? Decision::allow : Decision::block};
  line.direction = rule.inbound ? Direction::in : Direction::out;
  line.profiles = rule.profiles;
  line.protocol = rule.protocol;
  line.ports = rule.inbound ? rule.local_ports : rule.remote_ports;
  const auto remote = std::make_shared<const AddressSpace>(rule.remote);
  const auto local = std::make_shared<const AddressSpace>(rule.local);
  line.from = {rule.inbound ? remote : local};
  line.to = {rule.inbound ? local : remote};
  line.secure_only = rule.authentication != "NotRequired";
  return line;
}

// [MS-FASP] FW_RULE_ACTION: what overrides blocks, then blocks, then what allows.
int rank_of(const WindowsRule& rule) { return !rule.allow ? 1 : rule.overrides ? 0 : 2; }

// What is open goes on, unless a block speaks of it: when rules change, Windows asks them again for open connections.
class WindowsRules : public CompiledRules {
 public:
  explicit WindowsRules(std::vector<MatchLine> lines) : list_(std::move(lines)) {}
  Verdict evaluate(const Flow& flow) const override {
    Verdict verdict = list_.evaluate(flow);
    if (!flow.established || is_refused(verdict.decision)) return verdict;
    return {Decision::allow, std::string(kEstablishedRule), "the connection was let in before"};
  }

 private:
  MatchList list_;
};

// What of one rule is not as wanted, as text; empty: nothing.
std::string difference(const WindowsRule& live, const WindowsRule& wanted) {
  const auto is = windows_fields(live), should = windows_fields(wanted);
  const auto value_of = [](const auto& fields, std::string_view name) -> std::string_view {
    const auto found = std::ranges::find(fields, name, [](const auto& field) { return field.first; });
    return found == fields.end() ? "not set" : std::string_view(found->second);
  };
  std::vector<std::string> parts;
  for (const auto& [name, value] : is) {
    const std::string_view expected = value_of(should, name);
    if (value != expected) parts.push_back(fmt::format("{} is {}, wanted {}", name, value, expected));
  }
  for (const auto& [name, value] : should) {
    if (value_of(is, name) == "not set") parts.push_back(fmt::format("{} is not set, wanted {}", name, value));
  }
  return fmt::format("{}", fmt::join(parts, "; "));
}

std::vector<Drift> differences(const std::vector<WindowsRule>& live, const std::vector<WindowsRule>& wanted,
                               const RuleSet& rules) {
  std::vector<Drift> drifts;
  for (const WindowsRule& rule : wanted) {
    const auto there = std::ranges::find(live, rule.name, &WindowsRule::name);
    const std::string what = "rule " + rule.name.substr(kWindowsTag.size());
    if (there == live.end()) {
      drifts.push_back({Drift::Kind::missing, what, rule.display});
      continue;
    }
    const std::string detail = difference(*there, rule);
    if (!detail.empty()) drifts.push_back({Drift::Kind::changed, what, detail});
  }
  for (const WindowsRule& rule : live) {
    if (rule.name.starts_with(kWindowsTag)) {
      if (std::ranges::find(wanted, rule.name, &WindowsRule::name) == wanted.end()) {
        drifts.push_back({Drift::Kind::extra, "rule " + rule.name.substr(kWindowsTag.size()), rule.display});
      }
      continue;
    }
    const bool unwanted = std::ranges::any_of(
        rules.builtin_off, [&](const BuiltinRule& builtin) { return rule.name.starts_with(builtin.name); });
    if (unwanted && rule.enabled) drifts.push_back({Drift::Kind::changed, "predefined rule " + rule.name, "it is on"});
  }
  return drifts;
}

}  // namespace

Compiled emit_windows(const RuleSet& rules, const EmitOptions& options) {
  Compiled compiled;
  compiled.text = fmt::format("{}: {}\n# Made by dozo policy compile. Run again, it replaces its own rules.\n{}{}{}",
                              kWindowsFirstLine, rules.title, kRequires, where(options), kRemove);
  for (const ConnectionSecurity& security : rules.connection_security) compiled.text += to_string(security, rules);
  for (const WindowsRule& rule : windows_rules(rules, options, compiled)) compiled.text += to_string(rule) + "\n";
  const std::string machine = of_this_machine(rules, options, compiled);
  compiled.text += machine + saved_session(options);
  compiled.undo =
      fmt::format("{}, undone\n{}{}{}{}{}", kWindowsFirstLine, kRequires, where(options), kRemove,
                  machine.empty() ? "" : std::string(kSaved) + std::string(kRestore), saved_session(options));
  add_gap_for_what_is_open(rules, compiled);
  add_notes(rules, compiled);
  return compiled;
}

Parsed<std::unique_ptr<CompiledRules>> parse_windows(std::string_view text) {
  if (!text.starts_with(kWindowsFirstLine)) return std::unexpected(ParseProblem{1, "not made by dozo policy compile"});
  std::vector<WindowsRule> rules;
  for (const TextLine& line : lines_of(text)) {
    if (is_known_line(line)) continue;
    auto rule = windows_rule_from_text(line.text, line.number);
    if (!rule) return std::unexpected(rule.error());
    rules.push_back(std::move(*rule));
  }
  std::vector<MatchLine> lines;
  for (const int rank : {0, 1, 2}) {
    for (const WindowsRule& rule : rules) {
      if (rank_of(rule) == rank) lines.push_back(match_line(rule));
    }
  }
  return std::make_unique<WindowsRules>(std::move(lines));
}

Parsed<std::vector<Drift>> read_live_windows(std::string_view live, const RuleSet& rules, const EmitOptions& options) {
  const auto there = windows_rules_from_json(live);
  if (!there) return std::unexpected(there.error());
  Compiled unsaid;
  return differences(*there, windows_rules(rules, options, unsaid), rules);
}

}  // namespace dozo::policy
