// Every backend over every template: DOZO_POLICY_FLOWS random flows for each pair, in each profile where there are
// none.
#include <gtest/gtest.h>

#include "policy/testing/differential.h"
#include "policy/testing/templates_for_tests.h"

namespace dozo::policy {
namespace {

using namespace testing;

constexpr std::size_t kFlows = 1000;          // tests/suites/25-policy has 100,000
constexpr std::size_t kFlowsForErrors = 150;  // for each of some fifty errors

struct Pair {
  const Backend* backend;
  const Template* chosen;
};

class BackendOverTemplate : public ::testing::TestWithParam<Pair> {
 protected:
  static std::vector<RuleSet> rule_sets() {
    std::vector<RuleSet> all = rule_sets_of_template(GetParam().chosen->name);
    std::erase_if(all, [](const RuleSet& rules) {
      return !(rules.mode == Mode::host ? GetParam().backend->host : GetParam().backend->perimeter);
    });
    return all;
  }
};

std::vector<Pair> pairs() {
  std::vector<Pair> all;
  for (const Backend& backend : backends()) {
    for (const Template& chosen : templates()) all.push_back({&backend, &chosen});
  }
  return all;
}

std::string name_of(const ::testing::TestParamInfo<Pair>& tested) {
  std::string name = std::string(tested.param.backend->name) + "_" + std::string(tested.param.chosen->name);
  std::ranges::replace(name, '-', '_');
  return name;
}

TEST_P(BackendOverTemplate, agrees_with_the_model) {
  for (const RuleSet& rules : rule_sets()) {
    const Comparison comparison = compare(*GetParam().backend, rules, flows_to_compare(kFlows));
    EXPECT_TRUE(comparison.agrees()) << rules.host << "\n" << to_string(comparison);
    EXPECT_GE(comparison.flows, flows_to_compare(kFlows));
  }
}

TEST_P(BackendOverTemplate, differs_from_a_model_with_an_error) {
  for (const RuleSet& rules : rule_sets()) {
    EXPECT_EQ(plants_not_found(*GetParam().backend, rules, kFlowsForErrors), std::vector<std::string>{}) << rules.host;
  }
}

INSTANTIATE_TEST_SUITE_P(All, BackendOverTemplate, ::testing::ValuesIn(pairs()), name_of);
GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(BackendOverTemplate);

}  // namespace
}  // namespace dozo::policy
