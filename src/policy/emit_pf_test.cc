// Microsoft's rules (KB 3185535) line by line in pf, against the grammar of pf.conf(5), and what pfctl shows of them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "policy/backend.h"
#include "policy/emit_text.h"
#include "policy/testing/rules_for_tests.h"

namespace dozo::policy {
namespace {

using namespace testing;
using ::testing::HasSubstr;
using Lines = std::vector<std::string>;

const Backend& pf() { return *find_backend("pf"); }

Lines rules_of(const RuleSet& rules, Profile profile = Profile::domain) {
  Lines lines;
  for (const TextLine& line : lines_of(compile(pf(), rules, {.profile = profile}).text)) {
    if (line.text.contains(" label ")) lines.push_back(line.text);
  }
  return lines;
}

TEST(Pf, microsofts_client_in_its_domain) {
  EXPECT_EQ(rules_of(microsoft_client()),
            (Lines{"pass quick on lo0 from any to any label \"dozo:loopback\"",
                   "pass out quick on enc0 proto tcp from any to <dozo_servers> port 445 label \"dozo:o2\"",
                   "block drop in quick proto tcp from any to any port 445 label \"dozo:i5\"",
                   "block drop out quick proto tcp from any to any port 445 label \"dozo:o3\""}));
}

TEST(Pf, microsofts_client_on_a_public_network) {
  EXPECT_EQ(rules_of(microsoft_client(), Profile::pub).back(),
            "block drop out quick proto tcp from any to any port 445 label \"dozo:o1\"");
}

TEST(Pf, microsofts_perimeter) {
  const Lines lines = rules_of(microsoft_perimeter());
  EXPECT_THAT(lines, ::testing::Contains("block drop in quick proto tcp from ! <dozo_inside> to <dozo_inside> port 445 "
                                         "label \"dozo:smb-in\""));
  EXPECT_THAT(lines, ::testing::Contains("block drop in quick proto udp from <dozo_inside> to ! <dozo_inside> port 138 "
                                         "label \"dozo:nbt-dgm-out\""));
  EXPECT_THAT(lines,
              ::testing::Contains("pass in log quick proto tcp from <dozo_inside> to <dozo_azure> port 445 label "
                                  "\"dozo:azure\""));
  EXPECT_THAT(lines, ::testing::Contains("block drop in quick proto tcp from <dozo_0bans> to any port 139 label "
                                         "\"dozo:bans\""));
}

TEST(Pf, a_reject_answers_and_a_log_only_matches) {
  RuleSet rules = file_server();
  rules.rules = {smb_rule("no", Direction::in, Action::reject), smb_rule("note", Direction::in, Action::log)};
  const Lines lines = rules_of(rules);
  EXPECT_EQ(lines[lines.size() - 2], "match in log proto tcp from any to any port 445 label \"dozo:note\"");
  EXPECT_EQ(lines.back(), "block return in quick proto tcp from any to any port 445 label \"dozo:no\"");
}

TEST(Pf, says_that_bans_do_not_end_what_is_open_and_that_it_sees_no_macs) {
  const Compiled compiled = compile(pf(), file_server(), {});
  ASSERT_EQ(compiled.gaps.size(), 2U);
  EXPECT_EQ(compiled.gaps[0].lack, Lack::mac);
  EXPECT_EQ(compiled.gaps[1].lack, Lack::ban_open);
  EXPECT_TRUE(compiled.gaps[1].looser && compiled.gaps[1].only_established);
}

constexpr std::string_view kPfLive =
    "pass quick on lo0 all flags S/SA keep state label \"dozo:loopback\"\n"
    "pass out quick on enc0 proto tcp from any to <dozo_servers> port = 445 flags S/SA keep state label \"dozo:o2\"\n"
    "block drop in quick proto tcp from any to any port = microsoft-ds label \"dozo:i5\"\n"
    "block drop out quick proto tcp from any to any port = 445 label \"dozo:o3\"\n"
    "table <dozo_servers>\n   10.0.1.10/31\n   fd00:1::10\n";

std::vector<Drift> pf_drifted(std::string_view from, std::string_view to) {
  std::string pf_live(kPfLive);
  if (!from.empty()) pf_live.replace(pf_live.find(from), from.size(), to);
  return drift(pf(), pf_live, microsoft_client(), {}).value();
}

TEST(PfDrift, what_pfctl_shows_of_what_was_loaded_is_none) { EXPECT_EQ(pf_drifted("", ""), std::vector<Drift>{}); }

TEST(PfDrift, a_changed_line_and_a_changed_table_are_told) {
  EXPECT_EQ(pf_drifted("block drop out", "block drop in").size(), 2U);
  EXPECT_EQ(pf_drifted("10.0.1.10/31", "10.0.1.10").at(0).detail, "10.0.1.11 is not in it");
}

TEST(PfDrift, a_line_that_is_not_ours_in_our_anchor_is_named) {
  const auto read = drift(pf(), "pass all\n", microsoft_client(), {});
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().line, 1U);
}

}  // namespace
}  // namespace dozo::policy
