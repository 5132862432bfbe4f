#include "policy/templates.h"

#include <gtest/gtest.h>

#include <sstream>

#include "policy/checks.h"
#include "policy/evaluate.h"
#include "policy/lower.h"
#include "policy/policy.h"
#include "policy/simulate.h"
#include "policy/testing/differential.h"
#include "policy/testing/rules_for_tests.h"
#include "policy/testing/templates_for_tests.h"
#include "policy/way.h"

namespace dozo::policy {
namespace {

using namespace testing;

std::string verdict(std::string_view name, std::string_view from, std::string_view to,
                    std::optional<Profile> profile = {}, bool ipsec = false) {
  const Simulation s = simulate(policy_of_template(name),
                                {.from = address(from), .to = address(to), .profile = profile, .ipsec = ipsec});
  return std::string(to_string(s.decision)) + (s.steps.empty() ? "" : " " + s.steps.back().model.rule);
}

TEST(Templates, each_passes_every_check_and_warns_of_nothing) {
  for (const Template& t : templates()) {
    const auto text = write_template(t, values_for_tests());
    ASSERT_TRUE(text) << t.name;
    const auto read = parse_policy(*text, "p", read_options_for_tests());
    ASSERT_TRUE(read) << t.name << ": " << to_string(read.error()[0]) << "\n" << *text;
    for (const Problem& p : read->warnings) ADD_FAILURE() << t.name << ": " << to_string(p);
    for (const Problem& p : check_policy(read->policy)) ADD_FAILURE() << t.name << ": " << to_string(p);
  }
}

TEST(Templates, each_is_written_with_what_it_needs_alone) {
  for (const Template& t : templates()) {
    TemplateValues needed;
    for (const std::string_view key : t.needed) needed[std::string(key)] = values_for_tests().at(std::string(key));
    const auto text = write_template(t, needed);
    ASSERT_TRUE(text) << t.name;
    const auto read = parse_policy(*text, "p", {});
    ASSERT_TRUE(read) << t.name << ": " << to_string(read.error()[0]);
    for (const Problem& p : check_policy(read->policy)) ADD_FAILURE() << t.name << ": " << to_string(p);
  }
}

TEST(Templates, the_examples_of_the_questions_make_a_policy_that_passes) {
  TemplateValues values;
  for (const TemplateInput& input : template_inputs()) {
    std::istringstream words{std::string(input.example)};
    for (std::string word; words >> word;) values[std::string(input.key)].push_back(word);
  }
  for (const Template& t : templates()) {
    if (t.name == "home-nas") values["lan"] = {"192.168.1.0/24", "fd00::/64"};  // a house has one network
    const auto read = parse_policy(write_template(t, values).value(), "p", read_options_for_tests());
    ASSERT_TRUE(read) << t.name << ": " << to_string(read.error()[0]);
    for (const Problem& p : check_policy(read->policy)) ADD_FAILURE() << t.name << ": " << to_string(p);
  }
}

TEST(Templates, what_is_missing_is_named_with_an_example) {
  EXPECT_EQ(
      write_template(*find_template("fileserver"), {{"lan", {"10.0.0.0/8"}}}).error(),
      "the template fileserver needs --servers (The addresses of the file servers, for example 10.0.1.10 fd00:1::10)");
  EXPECT_EQ(find_template("fileservers"), nullptr);
}

TEST(Templates, every_rule_set_is_one_that_backends_take) {
  for (const Template& t : templates()) {
    for (const RuleSet& rules : rule_sets_of_template(t.name)) {
      EXPECT_EQ(problems_of(rules), std::vector<std::string>{}) << t.name << " " << rules.host;
    }
  }
}

TEST(Templates, every_rule_of_each_decides_some_random_flow) {
  for (const Template& t : templates()) {
    for (const RuleSet& rules : rule_sets_of_template(t.name)) {
      FlowGenerator generator(rules, 3);
      const Evaluator evaluator(rules);
      std::set<std::string> deciding;
      for (int i = 0; i < 20000; ++i) deciding.insert(evaluator.evaluate(generator.next()).rule);
      for (const Rule& rule : rules.rules)
        EXPECT_TRUE(deciding.contains(rule.id)) << t.name << " " << rules.host << " " << rule.id;
    }
  }
}

TEST(Template, perimeter_closes_both_ways_but_for_azure) {
  EXPECT_EQ(verdict("perimeter", "198.51.100.1", "10.0.0.1"), "block from-internet-tcp");
  EXPECT_EQ(verdict("perimeter", "10.0.0.1", "198.51.100.1"), "block smb-to-internet");
  EXPECT_EQ(verdict("perimeter", "2001:db8::1", "fd00::1"), "block from-internet-tcp");
  EXPECT_EQ(verdict("perimeter", "10.0.0.1", "203.0.113.9"), "allow azure-files");
}

TEST(Template, client_reaches_servers_over_ipsec_alone) {
  EXPECT_EQ(verdict("client", "10.0.5.5", "10.0.1.10"), "block ");
  EXPECT_EQ(verdict("client", "10.0.5.5", "10.0.1.10", {}, true), "allow ");
  EXPECT_EQ(verdict("client", "10.0.5.5", "10.0.5.6", {}, true), "block i5-tcp");
  EXPECT_EQ(verdict("client", "10.0.5.5", "10.0.1.10", Profile::pub, true), "block ");
}

TEST(Template, laptop_reaches_the_nas_at_home_and_not_in_a_cafe) {
  EXPECT_EQ(verdict("laptop", "10.0.5.5", "192.168.1.20", Profile::priv), "pass ");
  EXPECT_EQ(verdict("laptop", "10.0.5.5", "192.168.1.21", Profile::priv), "block o3-tcp");
  EXPECT_EQ(verdict("laptop", "10.0.5.5", "192.168.1.20", Profile::pub), "block o1-tcp");
}

TEST(Template, fileserver_serves_trusted_networks) {
  EXPECT_EQ(verdict("fileserver", "10.0.5.5", "10.0.1.10"), "allow trusted");
  EXPECT_EQ(verdict("fileserver", "10.8.0.5", "10.0.1.10"), "allow trusted");
  EXPECT_EQ(verdict("fileserver", "198.51.100.1", "10.0.1.10"), "block others");
  EXPECT_EQ(verdict("fileserver", "10.0.1.10", "198.51.100.1"), "block out-internet-tcp");
}

TEST(Template, no_lateral_lets_workstations_reach_servers_without_ipsec) {
  EXPECT_EQ(verdict("no-lateral", "10.0.5.5", "10.0.1.10"), "pass ");
  EXPECT_EQ(verdict("no-lateral", "10.0.5.5", "10.0.5.6"), "block in-tcp");
}

TEST(Template, dmz_lets_in_to_its_servers_from_inside_and_nothing_out) {
  EXPECT_EQ(verdict("dmz", "10.0.5.5", "192.0.2.10"), "allow ");
  EXPECT_EQ(verdict("dmz", "10.0.5.5", "192.0.2.11"), "block inside-out");
  EXPECT_EQ(verdict("dmz", "192.0.2.11", "10.0.5.5"), "block ");
  EXPECT_EQ(verdict("dmz", "198.51.100.1", "192.0.2.10"), "block ");
}

TEST(Template, vpn_only_turns_away_the_lan) {
  EXPECT_EQ(verdict("vpn-only", "10.8.0.5", "10.0.1.10"), "allow trusted");
  EXPECT_EQ(verdict("vpn-only", "10.0.5.5", "10.0.1.10"), "block others");
}

TEST(Template, lockdown_ends_what_is_open) {
  const RuleSet rules = rule_sets_of_template("lockdown").at(0);
  Flow flow = smb_flow(Direction::in, "10.0.5.5", "10.0.1.10");
  flow.established = true;
  EXPECT_EQ(evaluate(rules, flow).rule, "bans");
  flow.port = 22;
  EXPECT_EQ(evaluate(rules, flow).decision, Decision::allow);
}

TEST(Reach, says_all_some_or_none_between_roles) {
  const Policy p = policy_of_template("no-lateral");
  EXPECT_EQ(reach_between(p, {.from = "client", .to = "fileserver"}), Reach::all);
  EXPECT_EQ(reach_between(p, {.from = "client", .to = "client"}), Reach::none);
  EXPECT_EQ(reach_between(p, {.from = "fileserver", .to = "client"}), Reach::none);
  EXPECT_EQ(reach_between(p, {.from = "client", .to = "domain"}), Reach::some);
  EXPECT_EQ(reach_between(p, {.from = "client", .to = "nowhere"}), Reach::nobody);
}

}  // namespace
}  // namespace dozo::policy
