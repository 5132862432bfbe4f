#include "policy/testing/rules_for_tests.h"

namespace dozo::policy::testing {
namespace {

using Kind = AddressMatch::Kind;

Rule named(Rule rule, std::string name, std::uint32_t line) {
  rule.name = std::move(name);
  rule.line = line;
  return rule;
}

void add_perimeter_services(RuleSet& rules) {
  const AddressMatch inside{Kind::in, "inside"}, outside{Kind::not_in, "inside"};
  for (const Service& service : known_services()) {
    if (service.name == "smb-quic") continue;
    for (const bool inbound : {true, false}) {
      Rule rule = smb_rule(service.name + (inbound ? "-in" : "-out"), Direction::forward, Action::block);
      rule.name = "Drop " + service.name + (inbound ? " from" : " to") + " the internet";
      rule.protocol = service.protocol;
      rule.ports = service.ports;
      rule.from = inbound ? outside : inside;
      rule.to = inbound ? inside : AddressMatch{Kind::not_in, service.name == "smb" ? "inside_azure" : "inside"};
      rules.rules.push_back(rule);
    }
  }
}

}  // namespace

AddressSpace space(std::initializer_list<std::string_view> ranges) {
  std::vector<AddressRange> all;
  for (const std::string_view text : ranges) all.push_back(range_from_string(text).value());
  return AddressSpace::of(all);
}

Rule smb_rule(std::string id, Direction direction, Action action) {
  Rule rule;
  rule.name = "Rule " + id;
  rule.id = std::move(id);
  rule.direction = direction;
  rule.ports = {445, 445};
  rule.action = action;
  return rule;
}

Flow smb_flow(Direction direction, std::string_view source, std::string_view destination) {
  Flow flow;
  flow.direction = direction;
  flow.source = address(source);
  flow.destination = address(destination);
  return flow;
}

RuleSet microsoft_client() {
  RuleSet rules;
  rules.host = "client";
  rules.title = "client, from the guidance of KB 3185535";
  rules.sets["servers"] = {space({"10.0.1.10-10.0.1.11", "fd00:1::10"}), "", 3};
  Rule i5 = named(smb_rule("i5", Direction::in, Action::block), "Block all inbound SMB 445", 10);
  i5.edge = EdgeTraversal::block;
  Rule o1 = named(smb_rule("o1", Direction::out, Action::block), "Block outbound Guest/Public SMB 445", 11);
  o1.profiles = {Profile::pub};
  Rule o2 = named(smb_rule("o2", Direction::out, Action::allow_if_secure), "Allow outbound Domain/Private SMB 445", 12);
  o2.profiles = {Profile::domain, Profile::priv};
  o2.to = {Kind::in, "servers"};
  o2.overrides_blocks = true;
  Rule o3 = named(smb_rule("o3", Direction::out, Action::block), "Block outbound Domain/Private SMB 445", 13);
  o3.profiles = o2.profiles;
  rules.rules = {i5, o1, o2, o3};
  rules.connection_security = {{.id = "ipsec", .name = "Request IPsec", .line = 14, .null_encapsulation = true}};
  rules.services = {{SystemService::server, true, "a client shares nothing"}};
  rules.builtin_off = {{"FPS-SMB-In-TCP", "File and Printer Sharing (SMB-In)"},
                       {"Netlogon-NamedPipe-In", "Netlogon Service (NP-In)"},
                       {"RemoteEventLogSvc-NP-In-TCP", "Remote Event Log Management (NP-In)"},
                       {"RemoteSvcAdmin-NP-In-TCP", "Remote Service Management (NP-In)"}};
  return rules;
}

RuleSet microsoft_perimeter() {
  RuleSet rules;
  rules.host = "gateway";
  rules.title = "perimeter, from the guidance of KB 3185535";
  rules.mode = Mode::perimeter;
  rules.role = Role::gateway;
  rules.sets["inside"] = {space({"10.0.0.0/8", "fd00::/8"}), "", 2};
  rules.sets["azure"] = {space({"203.0.113.0/24"}), "Storage.WestEurope", 3};
  rules.sets["inside_azure"] = {space({"10.0.0.0/8", "fd00::/8", "203.0.113.0/24"}), "", 3};
  add_perimeter_services(rules);
  Rule azure = named(smb_rule("azure", Direction::forward, Action::allow), "Azure Files", 5);
  azure.from = {Kind::in, "inside"};
  azure.to = {Kind::in, "azure"};
  azure.log = true;
  rules.rules.push_back(azure);
  rules.bans.entries = {{range_from_string("198.51.100.0/24").value(), {}}};
  rules.bans.services = known_services();
  return rules;
}

RuleSet file_server() {
  RuleSet rules;
  rules.host = "fs1";
  rules.title = "file server";
  rules.role = Role::fileserver;
  rules.sets["trusted"] = {space({"10.0.0.0/8", "fd00::/8"}), "", 2};
  rules.mac_sets["scanners"] = {mac_from_string("02:00:5e:10:00:01").value()};
  Rule allow = named(smb_rule("trusted-smb", Direction::in, Action::allow), "SMB from trusted ranges", 4);
  allow.profiles = {Profile::domain, Profile::priv};
  allow.from = {Kind::in, "trusted"};
  Rule block = named(smb_rule("other-smb", Direction::in, Action::block), "No SMB from elsewhere", 5);
  block.profiles = allow.profiles;
  block.from = {Kind::not_in, "trusted"};
  block.log = true;
  Rule guests = named(smb_rule("public-smb", Direction::in, Action::reject), "No SMB on public networks", 6);
  guests.profiles = {Profile::pub};
  Rule scanners = named(smb_rule("scanners", Direction::in, Action::block), "Scanners do not log on", 7);
  scanners.macs = "scanners";
  rules.rules = {allow, block, guests, scanners};
  rules.bans.entries = {{range_from_string("10.66.0.0/16").value(), 1'900'000'000}};
  rules.bans.services = known_services();
  return rules;
}

}  // namespace dozo::policy::testing
