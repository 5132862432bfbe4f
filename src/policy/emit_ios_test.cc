// Microsoft's perimeter (KB 3185535) entry by entry in lists of Cisco IOS, and what `show running-config` says of them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "policy/backend.h"
#include "policy/emit_text.h"
#include "policy/testing/rules_for_tests.h"

namespace dozo::policy {
namespace {

using namespace testing;
using ::testing::HasSubstr;

const Backend& ios() { return *find_backend("ios"); }
std::string text() { return compile(ios(), microsoft_perimeter(), {}).text; }

TEST(Ios, microsofts_perimeter) {
  for (const std::string_view entry : {
           " remark dozo:smb-in\n deny tcp 0.0.0.0 7.255.255.255 10.0.0.0 0.255.255.255 eq 445\n",
           " deny udp 10.0.0.0 0.255.255.255 128.0.0.0 127.255.255.255 eq 137\n",
           " deny tcp fd00::/8 8000::/2 eq 139\n",
           " remark dozo:azure\n permit tcp 10.0.0.0 0.255.255.255 203.0.113.0 0.0.0.255 eq 445 log\n",
           " remark dozo:rest\n permit ip any any\n",
           " remark dozo:rest\n permit ipv6 any any\n",
       }) {
    EXPECT_THAT(text(), HasSubstr(entry));
  }
}

TEST(Ios, bans_come_before_what_is_open_and_hold_for_answers) {
  const std::string all = text();
  const std::size_t open = all.find("permit tcp any any established");
  for (const std::string_view entry :
       {"deny tcp 198.51.100.0 0.0.0.255 any eq 445\n", "deny tcp any eq 445 198.51.100.0 0.0.0.255\n"}) {
    EXPECT_LT(all.find(entry), open) << entry;
  }
}

TEST(Ios, lists_are_put_on_an_interface_that_was_named) {
  const Compiled compiled = compile(ios(), microsoft_perimeter(), {.interface = "GigabitEthernet0/0"});
  EXPECT_THAT(compiled.text, HasSubstr("interface GigabitEthernet0/0\n ip access-group DOZO in\n"));
  EXPECT_THAT(compiled.undo, HasSubstr(" no ip access-group DOZO out\n"));
  EXPECT_THAT(compiled.undo, HasSubstr("no ip access-list extended DOZO\nno ipv6 access-list DOZO6\n"));
  EXPECT_TRUE(ios().parse(compiled.text));
}

TEST(Ios, a_rule_of_too_many_entries_is_a_gap) {
  RuleSet rules = microsoft_perimeter();
  std::vector<AddressRange> ranges;
  for (AddressNumber i = 0; i < 200; ++i) ranges.push_back({{Family::v4, 2 * i}, {Family::v4, 2 * i}});
  rules.sets["many"] = {AddressSpace::of(ranges), "", 1};
  Rule rule = smb_rule("many", Direction::forward, Action::block);
  rule.from = rule.to = {AddressMatch::Kind::in, "many"};
  rules.rules.push_back(rule);
  const Compiled compiled = compile(ios(), rules, {});
  EXPECT_THAT(compiled.text, ::testing::Not(HasSubstr("dozo:many")));
  EXPECT_TRUE(std::ranges::any_of(
      compiled.gaps, [](const Gap& g) { return g.lack == Lack::too_many && g.rule == "many" && g.looser; }));
}

TEST(Ios, has_no_rules_for_hosts) { EXPECT_EQ(compile(ios(), file_server(), {}).gaps.at(0).lack, Lack::direction); }

// As a router shows it: among other things, numbered, with names for ports.
std::string running() {
  std::string shown =
      "Building configuration...\n!\nhostname edge\n!\nip access-list extended OTHERS\n permit ip any any\n!\n";
  std::uint32_t number = 10;
  for (const TextLine& line : lines_of(text())) {
    if (line.text.starts_with("no ") || line.text.starts_with('!') || line.text == "exit") continue;
    const bool entry = line.text.starts_with("permit") || line.text.starts_with("deny");
    shown += entry ? fmt::format(" {} {}\n", number += 10, line.text)
                   : (line.text.starts_with("remark") ? " " : "") + line.text + "\n";
  }
  return shown + "!\nend\n";
}

TEST(IosDrift, what_a_router_shows_of_what_was_typed_is_none) {
  EXPECT_EQ(drift(ios(), running(), microsoft_perimeter(), {}).value(), std::vector<Drift>{});
}

TEST(IosDrift, an_entry_that_was_lost_or_changed_is_told) {
  std::string shown = running();
  shown.replace(shown.find("permit tcp 10.0.0.0"), 6, "deny  ");
  const auto drifts = drift(ios(), shown, microsoft_perimeter(), {}).value();
  ASSERT_EQ(drifts.size(), 2U);
  EXPECT_EQ(drifts[0].what, "rule azure");
}

}  // namespace
}  // namespace dozo::policy
