#include "policy/region.h"

#include <gtest/gtest.h>

#include <set>

#include "policy/evaluate.h"
#include "policy/testing/differential.h"
#include "policy/testing/random_rules.h"
#include "policy/testing/rules_for_tests.h"

namespace dozo::policy {
namespace {

using namespace testing;

Box box_of(const Flow& flow) {
  Box box = Flows::everything();
  const auto direction = static_cast<std::uint8_t>(flow.direction);
  box.directions = {direction, direction};
  box.contexts = contexts_of({flow.profile}, flow.ipsec);
  box.services = services_of(flow.protocol, {flow.port, flow.port});
  box.macs = {0, 0};
  box.from = AddressSpace::of({{flow.source, flow.source}});
  box.to = AddressSpace::of({{flow.destination, flow.destination}});
  return box;
}

TEST(Region, what_is_taken_away_is_gone_and_nothing_else) {
  Box half = Flows::everything();
  half.from = space({"0.0.0.0/1", "::/1"});
  half.services = services_of(Protocol::tcp, {445, 445});
  const Region rest = without(Flows::everything(), half);
  for (const Box& piece : rest) EXPECT_TRUE(common(piece, half).empty());
  Region again = {Flows::everything()};
  for (const Box& piece : rest) again = without(again, piece);
  EXPECT_TRUE(without(again, half).empty());
}

TEST(Region, no_flow_goes_from_one_family_to_the_other) {
  Box box = Flows::everything();
  box.from = space({"10.0.0.0/8"});
  box.to = space({"::/0"});
  EXPECT_TRUE(box.empty());
  EXPECT_TRUE(without(box, Flows::everything()).empty());
}

TEST(Region, one_mac_address_of_several_is_one_of_their_flows) {
  const RuleSet rules = file_server();
  const Flows flows(rules);
  Box scanners = flows.of(3);
  EXPECT_TRUE(scanners.macs.contains(1));
  EXPECT_FALSE(scanners.macs.contains(0));
}

TEST(Region, refuses_what_the_evaluator_refuses_flow_by_flow) {
  for (const RuleSet& rules : {microsoft_client(), microsoft_perimeter(), file_server()}) {
    const Flows flows(rules);
    const Evaluator evaluator(rules);
    FlowGenerator generator(rules, 7);
    std::size_t refused = 0;
    for (int i = 0; i < 4000; ++i) {
      Flow flow = generator.next();
      flow.mac.reset();
      flow.established = false;
      const Verdict verdict = evaluator.evaluate(flow);
      const bool by_rule = is_refused(verdict.decision) && verdict.rule != kBansRule;
      ASSERT_EQ(!flows.refused({box_of(flow)}).empty(), by_rule) << verdict.reason;
      refused += by_rule ? 1 : 0;
    }
    EXPECT_GT(refused, 100U);
  }
}

TEST(Region, of_what_a_rule_decides_holds_for_random_rules) {
  std::size_t live = 0, dead = 0;
  for (std::uint64_t seed = 1; seed <= 60; ++seed) {
    const RuleSet rules = random_rules(seed, seed % 2 == 0 ? Mode::host : Mode::perimeter);
    const Flows flows(rules);
    const Evaluator evaluator(rules);
    std::set<std::size_t> never;
    for (std::size_t i = 0; i < rules.rules.size(); ++i) {
      if (!class_of(rules.rules[i])) continue;
      const Region decided = flows.decided_by(i);
      decided.empty() ? ++dead : ++live;
      if (decided.empty()) never.insert(i);
      for (const Box& box : decided) {
        const Verdict verdict = evaluator.evaluate(flows.sample(box));
        if (verdict.rule != kLoopbackRule) ASSERT_EQ(verdict.rule, rules.rules[i].id) << seed;
      }
    }
    FlowGenerator generator(rules, seed);
    for (int i = 0; i < 2000; ++i) {
      const Flow flow = generator.next();
      const auto rule = evaluator.deciding_rule(flow);
      if (rule && !evaluator.is_banned(flow)) ASSERT_FALSE(never.contains(*rule)) << seed << " " << *rule;
    }
  }
  EXPECT_GT(live, 100U);
  EXPECT_GT(dead, 5U);
}

TEST(Region, a_sample_is_a_flow_of_the_box) {
  const RuleSet rules = microsoft_client();
  const Flows flows(rules);
  for (std::size_t i = 0; i < rules.rules.size(); ++i) {
    const Flow flow = flows.sample(flows.of(i));
    EXPECT_TRUE(without(box_of(flow), flows.of(i)).empty()) << rules.rules[i].id;
  }
}

}  // namespace
}  // namespace dozo::policy
