// A rule of Windows Defender Firewall, as a value: what is emitted, what is read from the script, what is read from a
// machine. The parameters are those of New-NetFirewallRule.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "policy/backend.h"
#include "policy/match_lines.h"

namespace dozo::policy {

struct WindowsRule {
  std::string name;     // "dozo-o2", of the second piece "dozo-o2.2"
  std::string display;  // for people
  bool enabled = true;
  bool inbound = true;
  bool allow = false;
  Profiles profiles = Profiles::all();
  Protocol protocol = Protocol::tcp;
  PortSet local_ports, remote_ports;  // empty: any
  AddressSpace local = AddressSpace::everything();
  AddressSpace remote = AddressSpace::everything();
  std::string edge;            // "Block", "Allow" or, when outbound, nothing
  std::string authentication;  // "NotRequired", "Required", "NoEncap"
  bool overrides = false;
  std::string machines;  // who may override when inbound, in SDDL

  std::string id() const;  // the model's: between "dozo-" and the first '.'
};
inline constexpr std::string_view kWindowsTag = "dozo-";
inline constexpr std::string_view kWindowsGroup = "dozo";
// With "override block rules" an inbound rule has to say which computers: each that IPsec authenticated.
inline constexpr std::string_view kAuthenticatedMachines = "D:(A;;CC;;;AU)";

std::vector<WindowsRule> windows_rules(const RuleSet& rules, const EmitOptions& options, Compiled& said);
// Its parameters from Enabled on, with their arguments.
std::vector<std::pair<std::string_view, std::string>> windows_fields(const WindowsRule& rule);
std::string to_string(const WindowsRule& rule);       // the command, on one line
std::string windows_text(const Profiles& profiles);   // as an argument: "Any", "Domain,Private"
std::string windows_text(const AddressSpace& space);  // "Any", "@('10.0.0.0/8')"
// One command's line, as to_string() writes it.
Parsed<WindowsRule> windows_rule_from_text(std::string_view line, std::uint32_t number);
// What kWindowsLiveFrom prints: an array, or one object.
Parsed<std::vector<WindowsRule>> windows_rules_from_json(std::string_view json);

// "Any" or addresses, prefixes (also with a mask) and ranges.
std::optional<AddressSpace> windows_addresses_from(const std::vector<std::string>& words);

inline constexpr std::string_view kWindowsLiveFrom =
    "powershell -Command \"Get-NetFirewallRule -PolicyStore PersistentStore | Where-Object { $_.Group -eq 'dozo' -or "
    "$_.Name -match '^(FPS-SMB|Netlogon-NamedPipe|RemoteEventLogSvc-NP|RemoteSvcAdmin-NP)' } | ForEach-Object { "
    "$p = $_ | Get-NetFirewallPortFilter; $a = $_ | Get-NetFirewallAddressFilter; $s = $_ | "
    "Get-NetFirewallSecurityFilter; [pscustomobject]@{ Name = $_.Name; Enabled = [string]$_.Enabled; Direction = "
    "[string]$_.Direction; Action = [string]$_.Action; Profile = [string]$_.Profile; EdgeTraversalPolicy = "
    "[string]$_.EdgeTraversalPolicy; Protocol = $p.Protocol; LocalPort = @($p.LocalPort); RemotePort = "
    "@($p.RemotePort); LocalAddress = @($a.LocalAddress); RemoteAddress = @($a.RemoteAddress); Authentication = "
    "[string]$s.Authentication; OverrideBlockRules = [bool]$s.OverrideBlockRules; RemoteMachine = "
    "[string]$s.RemoteMachine } } | ConvertTo-Json -Depth 3\"";

}  // namespace dozo::policy
