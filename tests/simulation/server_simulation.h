// The server under clients that do whatever comes to their minds, all from one 64-bit seed: opens, I/O, locks, renames,
// deletions, notifies, compounds, cancels, logoffs, connections that break in the middle of a frame. Beside it a model
// that knows what must hold whatever the order of things.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "server/testing/world.h"
#include "tests/simulation/steps.h"

namespace dozo::server::testing {

struct SimulationOutcome {
  std::string problem;  // empty: all that must hold did
  std::uint64_t trace = 0;
  std::uint64_t steps = 0;
  std::map<std::string, int> seen;  // how often each operation ended with each status: "lock SUCCESS"
};

struct SimulationSettings {
  share::Canary canary = share::Canary::none;
  std::uint32_t actors = 4;
  std::size_t steps = 300;
};

Trace server_trace(std::uint64_t seed, const SimulationSettings& settings = {});
SimulationOutcome run_server(const Trace& trace, const SimulationSettings& settings = {});
inline SimulationOutcome simulate_server(std::uint64_t seed, const SimulationSettings& settings = {}) {
  return run_server(server_trace(seed, settings), settings);
}
// A trace with fewer steps and the same problem.
Trace shrink_server(const Trace& trace, const SimulationSettings& settings);

}  // namespace dozo::server::testing
