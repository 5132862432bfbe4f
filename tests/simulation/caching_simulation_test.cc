// The server and clients that believe what it promises, in simulated time. How many seeds: seeds.h.
#include "tests/simulation/caching_simulation.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>

#include "tests/simulation/caching_actor.h"
#include "tests/simulation/seeds.h"

namespace dozo::server::testing {
namespace {

TEST(CachingSimulation, what_must_hold_holds) {
  check_seeds({.actions = caching_actions(),
               .make = [](std::uint64_t seed) { return caching_trace(seed); },
               .run = [](const Trace& trace) { return run_caching(trace).problem; }});
}

// Traces that ended with a problem once, tests/simulation/traces/*.trace, as a failure prints them.
TEST(CachingSimulation, what_was_wrong_once_is_right) {
  int traces = 0;
  for (const auto& entry : std::filesystem::directory_iterator(DOZO_SOURCE_DIR "/tests/simulation/traces")) {
    std::ifstream file(entry.path());
    const std::string text{std::istreambuf_iterator<char>(file), {}};
    const auto trace = parse_trace(caching_actions(), text);
    ASSERT_TRUE(trace) << entry.path();
    EXPECT_EQ(run_caching(*trace).problem, "") << entry.path();
    ++traces;
  }
  EXPECT_GT(traces, 0);
}

TEST(CachingSimulation, a_second_run_of_a_seed_is_the_same) {
  for (std::uint64_t seed = 1; seed <= 5; ++seed) {
    const CachingOutcome one = simulate_caching(seed), two = simulate_caching(seed);
    EXPECT_EQ(one.trace, two.trace) << "SEED=" << seed;
    EXPECT_EQ(one.steps, two.steps) << "SEED=" << seed;
  }
}

// That what the actors do reaches what it is about; else that nothing went wrong would mean little.
TEST(CachingSimulation, the_actors_reach_what_it_is_about) {
  std::map<std::string, int> seen;
  for (std::uint64_t seed = 1; seed <= 120; ++seed) {
    for (const auto& [what, count] : simulate_caching(seed).seen) seen[what] += count;
  }
  if (from_environment("DOZO_SEEN", 0) != 0) {
    for (const auto& [what, count] : seen) std::printf("%7d %s\n", count, what.c_str());
  }
  for (const char* what : {"lease granted",
                           "oplock granted",
                           "lease break RWH to RH",
                           "lease break R to none",
                           "oplock break",
                           "acknowledge STATUS_SUCCESS",
                           "acknowledge STATUS_UNSUCCESSFUL",
                           "read cached",
                           "read own",
                           "write kept back",
                           "write back STATUS_SUCCESS",
                           "open STATUS_SHARING_VIOLATION",
                           "open STATUS_DELETE_PENDING",
                           "open lost",
                           "lock STATUS_LOCK_NOT_GRANTED",
                           "rename STATUS_SUCCESS",
                           "remove STATUS_SUCCESS",
                           "notify STATUS_SUCCESS",
                           "notify STATUS_NOTIFY_ENUM_DIR",
                           "logoff STATUS_SUCCESS",
                           "reclaim STATUS_SUCCESS",
                           "reclaim persistent STATUS_SUCCESS",
                           "reclaim resilient STATUS_SUCCESS",
                           "reclaim gone STATUS_OBJECT_NAME_NOT_FOUND",
                           "steal STATUS_OBJECT_NAME_NOT_FOUND",
                           "open STATUS_FILE_NOT_AVAILABLE",
                           "restart",
                           "outside write",
                           "outside remove",
                           "bound",
                           "cut",
                           "sent again",
                           "replayed"}) {
    EXPECT_GT(seen[what], 0) << what;
  }
}

class CachingCanary : public ::testing::TestWithParam<share::Canary> {};

// Not every seed that finds it has steps that can be left out one by one.
TEST_P(CachingCanary, a_planted_bug_is_found_and_its_trace_is_short) {
  constexpr std::size_t kShort = 12;
  const CachingSettings settings{.canary = GetParam()};
  int long_ones = 0;
  for (std::uint64_t seed = 1; seed <= 400 && long_ones < 4; ++seed) {
    const Trace trace = caching_trace(seed, settings);
    if (run_caching(trace, settings).problem.empty()) continue;
    const Trace fewer = shrink_caching(trace, settings);
    if (fewer.steps.size() > kShort) {
      ++long_ones;
      continue;
    }
    EXPECT_NE(run_caching(fewer, settings).problem, "");
    EXPECT_EQ(run_caching(fewer).problem, "") << "without the bug:\n" << to_text(caching_actions(), fewer);
    if (from_environment("DOZO_SEEN", 0) != 0) {
      std::printf("seed %d: %s\n%s", static_cast<int>(seed), run_caching(fewer, settings).problem.c_str(),
                  to_text(caching_actions(), fewer).c_str());
    }
    return;
  }
  FAIL() << "not found within 400 seeds, or " << long_ones << " times with long traces";
}

INSTANTIATE_TEST_SUITE_P(EveryCanary, CachingCanary,
                         ::testing::Values(share::Canary::break_is_not_sent, share::Canary::break_is_not_awaited,
                                           share::Canary::stranger_reclaims));

}  // namespace
}  // namespace dozo::server::testing
