// How fast connections are begun, in simulated time.
#include "scan/pace.h"

#include <gtest/gtest.h>

#include "runtime/gate.h"
#include "runtime/simulated_loop.h"

namespace dozo::scan {
namespace {

runtime::Task<void> take_turns(Pace& pace, int turns) {
  for (int i = 0; i < turns; ++i) co_await pace.turn();
}

Duration time_of(double per_second, int tasks, int turns) {
  runtime::SimulatedLoop loop(5);
  runtime::Gate gate;
  Pace pace(loop, per_second);
  const Instant start = loop.now();
  for (int i = 0; i < tasks; ++i) runtime::spawn(gate, take_turns(pace, turns));
  loop.run_until([&gate] { return gate.count() == 0; });
  EXPECT_EQ(gate.count(), 0u);
  return loop.now() - start;
}

TEST(Pace, a_rate_holds_over_all_who_ask) {
  const Duration took = time_of(100, 10, 50);
  EXPECT_GE(took, std::chrono::milliseconds(4900));
  EXPECT_LE(took, std::chrono::milliseconds(5100));
}

TEST(Pace, without_a_rate_nobody_waits) { EXPECT_LT(time_of(0, 10, 50), std::chrono::milliseconds(1)); }

}  // namespace
}  // namespace dozo::scan
