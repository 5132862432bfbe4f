#include "scan/facts.h"

#include <gtest/gtest.h>

namespace dozo::scan {
namespace {

TEST(Facts, AFactThatNobodyAskedForIsNotTestedAndSaysSo) {
  const HostFacts host;
  EXPECT_EQ(host.signing_required.state, State::untested);
  EXPECT_EQ(host.signing_required.why, "not asked");
}

TEST(Facts, StatesAndSeveritiesAreSpelledAsTheJsonLinesPromise) {
  EXPECT_EQ(state_name(State::yes), "yes");
  EXPECT_EQ(state_name(State::no), "no");
  EXPECT_EQ(state_name(State::untested), "untested");
  EXPECT_EQ(severity_name(Severity::info), "info");
  EXPECT_EQ(severity_name(Severity::critical), "critical");
}

}  // namespace
}  // namespace dozo::scan
