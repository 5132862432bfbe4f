// The server in simulated time. How many seeds: seeds.h.
#include <gtest/gtest.h>

#include "tests/simulation/seeds.h"
#include "tests/simulation/server_actor.h"
#include "tests/simulation/server_simulation.h"

namespace dozo::server::testing {
namespace {

TEST(ServerSimulation, what_must_hold_holds) {
  check_seeds({.actions = free_actions(),
               .make = [](std::uint64_t seed) { return server_trace(seed); },
               .run = [](const Trace& trace) { return run_server(trace).problem; }});
}

TEST(ServerSimulation, a_second_run_of_a_seed_is_the_same) {
  for (std::uint64_t seed = 1; seed <= 5; ++seed) {
    const SimulationOutcome one = simulate_server(seed), two = simulate_server(seed);
    EXPECT_EQ(one.trace, two.trace) << "SEED=" << seed;
    EXPECT_EQ(one.steps, two.steps) << "SEED=" << seed;
  }
  EXPECT_NE(simulate_server(1).trace, simulate_server(2).trace);
}

// That what the actors do reaches what it is about; else that nothing went wrong would mean little.
TEST(ServerSimulation, the_actors_reach_every_kind_of_answer) {
  std::map<std::string, int> seen;
  for (std::uint64_t seed = 1; seed <= 60; ++seed) {
    for (const auto& [what, count] : simulate_server(seed).seen) seen[what] += count;
  }
  if (from_environment("DOZO_SEEN", 0) != 0) {
    for (const auto& [what, count] : seen) std::printf("%7d %s\n", count, what.c_str());
  }
  for (const char* what : {"open STATUS_SUCCESS",
                           "open STATUS_SHARING_VIOLATION",
                           "open STATUS_DELETE_PENDING",
                           "open STATUS_OBJECT_NAME_COLLISION",
                           "open STATUS_OBJECT_NAME_NOT_FOUND",
                           "close STATUS_SUCCESS",
                           "read STATUS_SUCCESS",
                           "read STATUS_FILE_LOCK_CONFLICT",
                           "write STATUS_FILE_LOCK_CONFLICT",
                           "lock STATUS_SUCCESS",
                           "lock STATUS_LOCK_NOT_GRANTED",
                           "lock STATUS_CANCELLED",
                           "unlock STATUS_SUCCESS",
                           "remove STATUS_SUCCESS",
                           "rename STATUS_SUCCESS",
                           "notify STATUS_SUCCESS",
                           "notify STATUS_NOTIFY_ENUM_DIR",
                           "notify STATUS_CANCELLED",
                           "notify STATUS_NOTIFY_CLEANUP",
                           "compound STATUS_SUCCESS",
                           "private_read STATUS_SUCCESS",
                           "private_write STATUS_SUCCESS",
                           "private_truncate STATUS_SUCCESS",
                           "logoff STATUS_SUCCESS",
                           "tree_disconnect STATUS_SUCCESS",
                           "list STATUS_SUCCESS",
                           "bound",
                           "cut",
                           "sent again",
                           "reauthenticate STATUS_SUCCESS",
                           "taken over",
                           "restart",
                           "outside write",
                           "outside remove"}) {
    EXPECT_GT(seen[what], 0) << what;
  }
}

class ServerCanary : public ::testing::TestWithParam<share::Canary> {};

TEST_P(ServerCanary, a_planted_bug_is_found) {
  for (std::uint64_t seed = 1; seed <= 1000; ++seed) {
    const SimulationSettings settings{.canary = GetParam()};
    if (simulate_server(seed, settings).problem.empty()) continue;
    const Trace fewer = shrink_server(server_trace(seed, settings), settings);
    EXPECT_LE(fewer.steps.size(), 12u) << to_text(free_actions(), fewer);
    EXPECT_NE(run_server(fewer, settings).problem, "");
    return;
  }
  FAIL() << "not found within 1000 seeds";
}

INSTANTIATE_TEST_SUITE_P(EveryCanary, ServerCanary,
                         ::testing::Values(share::Canary::unlock_wakes_one, share::Canary::append_is_not_write,
                                           share::Canary::close_keeps_locks, share::Canary::rollback_keeps_first));

}  // namespace
}  // namespace dozo::server::testing
