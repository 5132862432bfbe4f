// Microsoft's rules (KB 3185535) field by field in PowerShell, and what a machine says of them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "policy/backend.h"
#include "policy/emit_text.h"
#include "policy/testing/rules_for_tests.h"

namespace dozo::policy {
namespace {

using namespace testing;
using ::testing::HasSubstr;
using ::testing::Not;

const Backend& windows() { return *find_backend("windows"); }

// The command that makes the rule of this name, without what is the same in all.
std::string command(const std::string& script, std::string_view name) {
  for (const TextLine& line : lines_of(script)) {
    const std::string begin = "New-NetFirewallRule @Where -Name 'dozo-" + std::string(name) + "' ";
    if (line.text.starts_with(begin)) return line.text.substr(begin.size());
  }
  return "";
}

struct Row {
  std::string_view name, display, direction, action, profile, local_port, remote_port, remote, rest;
};
void PrintTo(const Row& row, std::ostream* out) { *out << row.name; }

class MicrosoftRule : public ::testing::TestWithParam<Row> {};

TEST_P(MicrosoftRule, is_said_in_every_field) {
  const Row& row = GetParam();
  const std::string expected = fmt::format(
      "-DisplayName 'dozo: {}' -Group 'dozo' -Enabled True -Direction {} -Action {} -Profile {} -Protocol TCP "
      "-LocalPort {} -RemotePort {} -LocalAddress Any -RemoteAddress {}{} | Out-Null",
      row.display, row.direction, row.action, row.profile, row.local_port, row.remote_port, row.remote, row.rest);
  EXPECT_EQ(command(compile(windows(), microsoft_client(), {}).text, row.name), expected);
}

INSTANTIATE_TEST_SUITE_P(Kb3185535, MicrosoftRule,
                         ::testing::Values(Row{"i5", "Block all inbound SMB 445", "Inbound", "Block", "Any", "@('445')",
                                               "Any", "Any", " -EdgeTraversalPolicy Block -Authentication NotRequired"},
                                           Row{"o1", "Block outbound Guest/Public SMB 445", "Outbound", "Block",
                                               "Public", "Any", "@('445')", "Any", " -Authentication NotRequired"},
                                           Row{"o2", "Allow outbound Domain/Private SMB 445", "Outbound", "Allow",
                                               "Domain,Private", "Any", "@('445')", "@('10.0.1.10/31','fd00:1::10')",
                                               " -Authentication NoEncap -OverrideBlockRules $true"},
                                           Row{"o3", "Block outbound Domain/Private SMB 445", "Outbound", "Block",
                                               "Domain,Private", "Any", "@('445')", "Any",
                                               " -Authentication NotRequired"}));

TEST(Windows, predefined_rules_are_switched_off_by_name_and_only_those_that_were_on_come_back) {
  const Compiled compiled = compile(windows(), microsoft_client(), {});
  EXPECT_THAT(compiled.text, HasSubstr("$Builtin = @('FPS-SMB-In-TCP*','Netlogon-NamedPipe-In*',"
                                       "'RemoteEventLogSvc-NP-In-TCP*','RemoteSvcAdmin-NP-In-TCP*')"));
  EXPECT_THAT(compiled.text, HasSubstr("Where-Object { $_.Enabled -eq 'True' }"));
  EXPECT_THAT(compiled.undo, HasSubstr("Enable-NetFirewallRule @Where -Name $Name"));
}

TEST(Windows, what_overrides_has_the_ipsec_rule_it_needs) {
  const std::string text = compile(windows(), microsoft_client(), {}).text;
  EXPECT_THAT(text, HasSubstr("New-NetIPsecRule @Where -Name 'dozo-ipsec' -DisplayName 'dozo: Request IPsec' -Group "
                              "'dozo' -Enabled True -Mode Transport -InboundSecurity Request -OutboundSecurity Request "
                              "-Phase1AuthSet 'dozo-ipsec.computer' -Phase2AuthSet 'dozo-ipsec.user' "
                              "-QuickModeCryptoSet 'dozo-ipsec.clear' -Profile Any -RemoteAddress Any"));
  EXPECT_THAT(text, HasSubstr("New-NetIPsecAuthProposal -Machine -Kerberos"));
  EXPECT_THAT(text, HasSubstr("New-NetIPsecAuthProposal -User -Kerberos"));
}

TEST(Windows, inbound_rules_that_override_name_the_machines_that_may) {
  RuleSet rules = file_server();
  Rule rule = smb_rule("admins", Direction::in, Action::allow_if_secure);
  rule.overrides_blocks = true;
  rules.rules.push_back(rule);
  const std::string text = command(compile(windows(), rules, {}).text, "admins");
  EXPECT_THAT(text, HasSubstr("-Authentication Required -OverrideBlockRules $true -RemoteMachine 'D:(A;;CC;;;AU)'"));
  EXPECT_THAT(text, Not(HasSubstr("'10.66.0.0/16'"))) << "the banned are left out, for no block holds against it";
  EXPECT_THAT(text, HasSubstr("-10.65.255.255'"));
}

TEST(Windows, in_a_group_policy_everything_goes_through_one_session) {
  const Compiled compiled = compile(windows(), microsoft_client(), {.store = "domain.example\\SMB's"});
  EXPECT_THAT(compiled.text, HasSubstr("$Session = Open-NetGPO -PolicyStore 'domain.example\\SMB''s'\n"));
  EXPECT_THAT(compiled.text, HasSubstr("Save-NetGPO -GPOSession $Session\n"));
  EXPECT_THAT(compiled.text, Not(HasSubstr("Stop-Service"))) << "that is not of the machine that the script runs on";
  EXPECT_THAT(compiled.text, Not(HasSubstr("$Builtin")));
  EXPECT_TRUE(windows().parse(compiled.text));
}

TEST(Windows, services_are_stopped_and_their_state_is_kept_for_undo) {
  const Compiled compiled = compile(windows(), microsoft_client(), {});
  EXPECT_THAT(compiled.text, HasSubstr("Set-Service -Name LanmanServer -StartupType Disabled\n"));
  EXPECT_THAT(compiled.text, Not(HasSubstr("LanmanWorkstation")));
  EXPECT_THAT(compiled.undo, HasSubstr("Set-Service -Name $Name -StartupType $Mode"));
}

TEST(Windows, everything_is_removed_by_group_and_nothing_else) {
  const Compiled compiled = compile(windows(), microsoft_client(), {});
  for (const TextLine& line : lines_of(compiled.text + compiled.undo)) {
    if (line.text.starts_with("Remove-Net")) EXPECT_THAT(line.text, HasSubstr("@Where -Group 'dozo'"));
  }
}

TEST(Windows, a_thousand_addresses_are_one_rule_and_more_are_several) {
  RuleSet rules = microsoft_client();
  std::vector<AddressRange> ranges;
  for (AddressNumber i = 0; i < 1001; ++i) ranges.push_back({{Family::v4, 4 * i + 8}, {Family::v4, 4 * i + 8}});
  rules.sets["servers"].addresses = AddressSpace::of(ranges);
  const std::string text = compile(windows(), rules, {}).text;
  EXPECT_NE(command(text, "o2"), "");
  EXPECT_NE(command(text, "o2.2"), "");
  EXPECT_EQ(command(text, "o2.3"), "");
}

TEST(Windows, a_command_of_somebody_else_in_the_script_is_a_problem_with_its_line) {
  const std::string text = compile(windows(), microsoft_client(), {}).text + "Remove-NetFirewallRule -Name dozo-o1\n";
  const auto read = windows().parse(text);
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().line, static_cast<std::uint32_t>(std::ranges::count(text, '\n')));
}

// As a Windows machine answers: subnets with masks, enumerations as text, one value or several.
constexpr std::string_view kWindowsLive = R"([
 {"Name":"dozo-i5","Enabled":"True","Direction":"Inbound","Action":"Block","Profile":"Any",
  "EdgeTraversalPolicy":"Block","Protocol":"TCP",
  "LocalPort":["445"],"RemotePort":["Any"],"LocalAddress":["Any"],"RemoteAddress":["Any"],
  "Authentication":"NotRequired","OverrideBlockRules":false,"RemoteMachine":"Any"},
 {"Name":"dozo-o1","Enabled":"True","Direction":"Outbound","Action":"Block","Profile":"Public",
  "EdgeTraversalPolicy":"Block","Protocol":"TCP","LocalPort":["Any"],"RemotePort":"445","LocalAddress":["Any"],
  "RemoteAddress":["Any"],"Authentication":"NotRequired","OverrideBlockRules":false,"RemoteMachine":"Any"},
 {"Name":"dozo-o2","Enabled":"True","Direction":"Outbound","Action":"Allow","Profile":"Domain, Private",
  "EdgeTraversalPolicy":"Block","Protocol":"TCP","LocalPort":["Any"],"RemotePort":["445"],"LocalAddress":["Any"],
  "RemoteAddress":["10.0.1.10/255.255.255.254","fd00:1::10"],"Authentication":"NoEncap","OverrideBlockRules":true,
  "RemoteMachine":"Any"},
 {"Name":"dozo-o3","Enabled":"True","Direction":"Outbound","Action":"Block","Profile":"Domain, Private",
  "EdgeTraversalPolicy":"Block","Protocol":"TCP","LocalPort":["Any"],"RemotePort":["445"],"LocalAddress":["Any"],
  "RemoteAddress":["Any"],"Authentication":"NotRequired","OverrideBlockRules":false,"RemoteMachine":"Any"},
 {"Name":"FPS-SMB-In-TCP","Enabled":"False","Direction":"Inbound","Action":"Allow","Profile":"Private",
  "EdgeTraversalPolicy":"Block","Protocol":"TCP","LocalPort":["445"],"RemotePort":["Any"],"LocalAddress":["Any"],
  "RemoteAddress":["LocalSubnet"],"Authentication":"NotRequired","OverrideBlockRules":false,"RemoteMachine":"Any"}
])";

std::vector<Drift> windows_drifted(std::string_view from, std::string_view to) {
  std::string windows_live(kWindowsLive);
  if (!from.empty()) windows_live.replace(windows_live.find(from), from.size(), to);
  return drift(windows(), windows_live, microsoft_client(), {}).value();
}

TEST(WindowsDrift, what_is_as_wanted_is_none) { EXPECT_EQ(windows_drifted("", ""), std::vector<Drift>{}); }

TEST(WindowsDrift, each_field_that_was_changed_is_told) {
  using Kind = Drift::Kind;
  EXPECT_EQ(windows_drifted("\"Action\":\"Block\"", "\"Action\":\"Allow\"").at(0).what, "rule i5");
  EXPECT_EQ(windows_drifted("\"Profile\":\"Public\"", "\"Profile\":\"Any\"").at(0).detail,
            "Profile is Any, wanted Public");
  EXPECT_EQ(windows_drifted("[\"445\"]", "[\"446\"]").at(0).kind, Kind::changed);
  EXPECT_EQ(windows_drifted("10.0.1.10/255.255.255.254", "10.0.1.0/255.255.255.0").size(), 1U);
  EXPECT_EQ(windows_drifted("\"Enabled\":\"True\"", "\"Enabled\":\"False\"").at(0).detail,
            "Enabled is False, wanted True");
  EXPECT_EQ(windows_drifted("NoEncap", "NotRequired").size(), 1U);
  EXPECT_EQ(windows_drifted("dozo-o3", "dozo-o4").size(), 2U) << "one is missing, one too many";
  EXPECT_EQ(windows_drifted("\"Enabled\":\"False\"", "\"Enabled\":\"True\"").at(0).what,
            "predefined rule FPS-SMB-In-TCP");
}

}  // namespace
}  // namespace dozo::policy
