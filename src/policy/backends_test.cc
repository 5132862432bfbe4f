// What every backend keeps to: its compiled text agrees with the model, errors planted in it are found, and what is not
// of our making is refused.
#include <gtest/gtest.h>

#include "policy/backend.h"
#include "policy/testing/differential.h"
#include "policy/testing/random_rules.h"
#include "policy/testing/rules_for_tests.h"

namespace dozo::policy {
namespace {

using namespace testing;

constexpr std::uint64_t kRandomSets = 60;

class EveryBackend : public ::testing::TestWithParam<const Backend*> {
 protected:
  static bool has(Mode mode) { return mode == Mode::host ? GetParam()->host : GetParam()->perimeter; }
  static std::vector<RuleSet> known_sets() {
    std::vector<RuleSet> sets;
    for (RuleSet& rules : std::vector{microsoft_client(), file_server(), microsoft_perimeter()}) {
      if (has(rules.mode)) sets.push_back(std::move(rules));
    }
    return sets;
  }
};

std::string name_of(const ::testing::TestParamInfo<const Backend*>& tested) { return std::string(tested.param->name); }
std::vector<const Backend*> all_backends() {
  std::vector<const Backend*> all;
  for (const Backend& backend : backends()) all.push_back(&backend);
  return all;
}

TEST_P(EveryBackend, agrees_with_the_model_over_known_rules) {
  for (const RuleSet& rules : known_sets()) {
    const Comparison comparison = compare(*GetParam(), rules, flows_to_compare(3000));
    EXPECT_TRUE(comparison.agrees()) << rules.host << "\n" << to_string(comparison);
  }
}

TEST_P(EveryBackend, agrees_with_the_model_over_random_rules) {
  for (const Mode mode : {Mode::host, Mode::perimeter}) {
    if (!has(mode)) continue;
    for (std::uint64_t seed = 1; seed <= kRandomSets; ++seed) {
      const RuleSet rules = random_rules(seed, mode);
      ASSERT_EQ(problems_of(rules), std::vector<std::string>{}) << seed;
      const Comparison comparison = compare(*GetParam(), rules, flows_to_compare(300), seed);
      ASSERT_TRUE(comparison.agrees()) << "seed " << seed << "\n"
                                       << to_string(comparison) << compile(*GetParam(), rules, {}).text;
    }
  }
}

TEST_P(EveryBackend, errors_planted_in_it_are_found) {
  for (const RuleSet& rules : known_sets()) {
    EXPECT_EQ(plants_not_found(*GetParam(), rules, 3000), std::vector<std::string>{}) << rules.host;
  }
}

TEST_P(EveryBackend, a_lost_line_of_text_is_a_problem_or_a_difference_or_no_rule) {
  const RuleSet rules = known_sets().front();
  const Compiled compiled = compile(*GetParam(), rules, {});
  ASSERT_NE(compiled.text, "");
  EXPECT_FALSE(GetParam()->parse(compiled.text.substr(compiled.text.find('\n') + 1)))
      << "its first line says whose it is";
}

TEST_P(EveryBackend, compiles_the_same_text_every_time) {
  const RuleSet rules = known_sets().front();
  EXPECT_EQ(compile(*GetParam(), rules, {}).text, compile(*GetParam(), rules, {}).text);
}

TEST_P(EveryBackend, text_of_others_is_a_problem) {
  for (const std::string_view text :
       {"", "hello", "{}", "[]", "# dozo policy", "# dozo policy for nftables: x\ntable inet"}) {
    EXPECT_FALSE(GetParam()->parse(text)) << text;
  }
}

TEST_P(EveryBackend, every_cut_of_its_text_is_read_or_refused) {
  const std::string text = compile(*GetParam(), known_sets().front(), {}).text;
  for (std::size_t length = 0; length < text.size(); length += 7) {
    static_cast<void>(GetParam()->parse(text.substr(0, length)));
  }
}

TEST_P(EveryBackend, live_output_that_is_none_is_a_problem) {
  for (const std::string_view live : {"\x01\x02", "{\"nftables\": 5}"}) {
    EXPECT_FALSE(drift(*GetParam(), live, known_sets().front(), {})) << live;
  }
}

TEST_P(EveryBackend, ten_thousand_ranges_are_compiled) {
  RuleSet rules = known_sets().front();
  std::vector<AddressRange> ranges;
  for (AddressNumber i = 0; i < 10'000; ++i) {
    const Address only{Family::v4, 0x0A000000 + 4 * i};
    ranges.push_back({only, only});
  }
  rules.sets.begin()->second.addresses = AddressSpace::of(ranges);
  const Comparison comparison = compare(*GetParam(), rules, 100);
  EXPECT_TRUE(comparison.agrees()) << comparison.difference_count;
}

INSTANTIATE_TEST_SUITE_P(Policy, EveryBackend, ::testing::ValuesIn(all_backends()), name_of);

}  // namespace
}  // namespace dozo::policy
