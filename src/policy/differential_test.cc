// The harness that backends are compared with, over a backend that is the model itself.
#include <gtest/gtest.h>

#include "policy/evaluate.h"
#include "policy/testing/differential.h"
#include "policy/testing/rules_for_tests.h"

namespace dozo::policy {
namespace {

using namespace testing;

// What was "compiled", by the number that is the text.
std::vector<RuleSet>& compiled_sets() {
  static std::vector<RuleSet> sets;
  return sets;
}

class ModelItself : public CompiledRules {
 public:
  explicit ModelItself(const RuleSet& rules) : rules_(rules), evaluator_(rules_) {}
  Verdict evaluate(const Flow& flow) const override { return evaluator_.evaluate(flow); }

 private:
  RuleSet rules_;
  Evaluator evaluator_;
};

Compiled keep(const RuleSet& rules, const EmitOptions&) {
  compiled_sets().push_back(rules);
  return {.text = std::to_string(compiled_sets().size() - 1)};
}

// Leaves out what needs IPsec, and says so, or not.
Compiled keep_without_ipsec(const RuleSet& rules, const EmitOptions& options) {
  RuleSet left = rules;
  Compiled compiled;
  std::erase_if(left.rules, [&](const Rule& rule) {
    if (rule.requires_ipsec()) compiled.gaps.push_back({.lack = Lack::ipsec, .rule = rule.id});
    return rule.requires_ipsec();
  });
  compiled.text = keep(left, options).text;
  return compiled;
}
Compiled keep_without_ipsec_silently(const RuleSet& rules, const EmitOptions& options) {
  return {.text = keep_without_ipsec(rules, options).text};
}

Parsed<std::unique_ptr<CompiledRules>> look_up(std::string_view text) {
  const std::size_t number = std::strtoul(std::string(text).c_str(), nullptr, 10);
  if (text.empty() || number >= compiled_sets().size()) return std::unexpected(ParseProblem{1, "not ours"});
  return std::make_unique<ModelItself>(compiled_sets()[number]);
}

constexpr Backend kModel{
    .name = "model", .host = true, .perimeter = true, .profiles = true, .emit = keep, .parse = look_up};

TEST(Differential, the_model_agrees_with_itself) {
  for (const RuleSet& rules : {microsoft_client(), microsoft_perimeter(), file_server()}) {
    EXPECT_TRUE(compare(kModel, rules, 3000).agrees()) << rules.host;
  }
}

TEST(Differential, narrowed_to_each_profile_it_agrees_too) {
  Backend backend = kModel;
  backend.profiles = false;
  const Comparison comparison = compare(backend, microsoft_client(), 2000);
  EXPECT_TRUE(comparison.agrees()) << to_string(comparison);
  EXPECT_EQ(comparison.flows, 6000U);
}

TEST(Differential, every_rule_decides_some_of_the_flows) {
  for (const RuleSet& rules : {microsoft_client(), microsoft_perimeter(), file_server()}) {
    auto by_rule = compare(kModel, rules, 5000).by_rule;
    for (const Rule& rule : rules.rules) EXPECT_GT(by_rule[rule.id], 0U) << rule.id;
    EXPECT_GT(by_rule["established"], 0U);
    if (!rules.bans.entries.empty()) EXPECT_GT(by_rule["bans"], 0U);
  }
}

TEST(Differential, every_plant_that_makes_a_difference_is_found) {
  for (const RuleSet& rules : {microsoft_client(), microsoft_perimeter(), file_server()}) {
    EXPECT_GT(plants(rules).size(), 10U);
    EXPECT_EQ(plants_not_found(kModel, rules, 3000), std::vector<std::string>{});
  }
}

TEST(Differential, a_backend_that_ignores_what_it_is_given_misses_every_plant) {
  static const RuleSet right = file_server();
  Backend deaf = kModel;
  deaf.emit = [](const RuleSet&, const EmitOptions& options) { return keep(right, options); };
  EXPECT_GT(plants_not_found(deaf, right, 3000).size(), 10U);
}

TEST(Differential, a_gap_explains_a_difference_and_silence_does_not) {
  Backend backend = kModel;
  backend.emit = keep_without_ipsec;
  const Comparison said = compare(backend, microsoft_client(), 3000);
  EXPECT_TRUE(said.agrees()) << to_string(said);
  EXPECT_GT(said.explained, 0U);
  backend.emit = keep_without_ipsec_silently;
  EXPECT_FALSE(compare(backend, microsoft_client(), 3000).agrees());
}

TEST(Differential, text_that_cannot_be_read_back_is_no_agreement) {
  Backend backend = kModel;
  backend.emit = [](const RuleSet&, const EmitOptions&) { return Compiled{}; };
  EXPECT_NE(compare(backend, file_server(), 1).problem, "");
}

TEST(Compile, in_a_mode_that_the_backend_has_not_is_a_gap_over_everything) {
  Backend backend = kModel;
  backend.perimeter = false;
  const Compiled compiled = compile(backend, microsoft_perimeter(), {});
  ASSERT_EQ(compiled.gaps.size(), 1U);
  EXPECT_EQ(compiled.text, "");
  EXPECT_TRUE(explains(compiled.gaps[0], smb_flow(Direction::forward, "192.0.2.1", "10.0.0.1"), "smb-in"));
}

}  // namespace
}  // namespace dozo::policy
