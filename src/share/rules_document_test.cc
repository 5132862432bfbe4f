#include "share/rules_document.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>

#include "share/cache_rules.h"
#include "share/scenario.h"

namespace dozo::share {
namespace {

const std::filesystem::path kDocument = DOZO_SOURCE_DIR "/docs/share-engine.md";

std::string document_text(const std::filesystem::path& path) {
  std::ifstream in(path);
  std::ostringstream out;
  out << in.rdbuf();
  return out.str();
}

TEST(RulesDocument, is_the_committed_one) {
  if (std::getenv("DOZO_WRITE_DOCS") != nullptr) std::ofstream(kDocument) << rules_document();
  EXPECT_EQ(document_text(kDocument), rules_document()) << "DOZO_WRITE_DOCS=1 writes it";
}

// The titles of the scenarios up to the colon.
std::multiset<std::string> subjects(const char* file) {
  std::multiset<std::string> out;
  const std::string text = document_text(std::string(DOZO_SOURCE_DIR "/tests/scenarios/") + file);
  for (const Scenario& scenario : parse_scenarios(text).value()) {
    out.insert(scenario.title.substr(0, scenario.title.find(':')));
  }
  return out;
}

TEST(RulesDocument, every_row_of_the_break_table_has_a_scenario) {
  const auto told = subjects("breaks.smbt");
  for (const BreakRule& rule : kBreakRules) EXPECT_GE(told.count(std::string(rule.name)), 1U) << rule.name;
}

TEST(RulesDocument, every_row_of_the_grant_table_has_a_scenario_where_it_is_granted_and_one_where_it_is_not) {
  const auto told = subjects("grants.smbt");
  for (const GrantRule& rule : kGrantRules) {
    const std::string kind = rule.kind == CacheKind::lease ? "lease " : "oplock ";
    EXPECT_GE(told.count(kind + state_text(rule.state)), 2U) << kind << state_text(rule.state);
  }
}

// The tables hang together: what is broken is a state that exists, and less than it was.
TEST(RulesDocument, every_break_comes_to_less) {
  for (const BreakRule& rule : kBreakRules) {
    for (const LeaseState held : {kCacheR, kCacheRH, kCacheRW, kCacheRWH}) {
      for (const LeaseState loses : {rule.lease_loses, rule.oplock_loses}) {
        const LeaseState to = broken(held, loses);
        EXPECT_EQ(to, valid_cache(to));
        EXPECT_TRUE(held.has_all(to)) << rule.name;
        if (held.has_any(rule.meets) && !loses.empty()) EXPECT_NE(to, held) << rule.name;
      }
    }
  }
}

TEST(RulesDocument, every_grant_that_fails_is_followed_by_less) {
  for (const GrantRule& rule : kGrantRules) {
    EXPECT_TRUE(rule.state.has_all(rule.otherwise));
    EXPECT_NE(rule.state, rule.otherwise);
    EXPECT_TRUE(rule.otherwise.empty() || find_grant_rule(rule.kind, rule.otherwise) != nullptr);
  }
}

TEST(RulesDocument, what_is_left_of_a_break_comes_to_what_is_required) {
  for (const LeaseState held : {kCacheR, kCacheRH, kCacheRW, kCacheRWH}) {
    for (const LeaseState required : {kCacheNone, kCacheR, kCacheRH, kCacheRW}) {
      LeaseState state = held;
      for (int steps = 0; !required.has_all(state); ++steps) {
        ASSERT_LT(steps, 3);
        state = next_break(state, required);
      }
      EXPECT_TRUE(held.has_all(state));
    }
  }
}

}  // namespace
}  // namespace dozo::share
