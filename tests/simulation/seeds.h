// Runs a simulation from many seeds, as the environment says:
//   DOZO_SEEDS=n      so many (200)
//   DOZO_SEED=s       only this one; with DOZO_SEEDS the first
//   DOZO_FAILURES=n   stop at the n-th seed that fails (1)
//   DOZO_TRACE=path   the trace in this file instead
#pragma once

#include <cstdint>
#include <string>

#include "tests/simulation/steps.h"

namespace dozo::server::testing {

struct SeededSimulation {
  ActionTable actions;
  Trace (*make)(std::uint64_t seed);
  std::string (*run)(const Trace& trace);  // the problem, or ""
};

std::uint64_t from_environment(const char* name, std::uint64_t otherwise);

// Says now and then how many seeds there have been.
void tell_progress(std::uint64_t done);

// Each seed that ends with a problem is a failure of the test, with a trace that was made shorter.
void check_seeds(const SeededSimulation& simulation);

}  // namespace dozo::server::testing
