// The server under clients that believe what it promises: leases, oplocks, durable opens, watches. All from one 64-bit
// seed, or from a trace that came of one and was made shorter.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "server/testing/world.h"
#include "tests/simulation/steps.h"

namespace dozo::server::testing {

struct CachingOutcome {
  std::string problem;  // empty: all that must hold did
  std::uint64_t trace = 0;
  std::uint64_t steps = 0;  // of the simulated loop
  std::map<std::string, int> seen;
};

struct CachingSettings {
  share::Canary canary = share::Canary::none;
  std::uint32_t actors = 4;
  std::size_t steps = 200;
};

Trace caching_trace(std::uint64_t seed, const CachingSettings& settings = {});
CachingOutcome run_caching(const Trace& trace, const CachingSettings& settings = {});
inline CachingOutcome simulate_caching(std::uint64_t seed, const CachingSettings& settings = {}) {
  return run_caching(caching_trace(seed, settings), settings);
}
// A trace with fewer steps and the same problem.
Trace shrink_caching(const Trace& trace, const CachingSettings& settings);

}  // namespace dozo::server::testing
