#include "tests/simulation/seeds.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <iterator>

namespace dozo::server::testing {
namespace {

constexpr std::uint64_t kNewsEvery = 1'000;

class Runner final : public TraceRunner {
 public:
  explicit Runner(const SeededSimulation& simulation) : simulation_(simulation) {}
  std::string run(const Trace& trace) override { return simulation_.run(trace); }

 private:
  const SeededSimulation& simulation_;
};

void check_trace(const SeededSimulation& simulation, const char* path) {
  std::ifstream file(path);
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  const auto trace = parse_trace(simulation.actions, text);
  ASSERT_TRUE(trace) << path << ": no trace of this simulation";
  EXPECT_EQ(simulation.run(*trace), "") << path;
}

}  // namespace

std::uint64_t from_environment(const char* name, std::uint64_t otherwise) {
  const char* text = std::getenv(name);
  return text == nullptr ? otherwise : std::strtoull(text, nullptr, 10);
}

void tell_progress(std::uint64_t done) {
  if (done % kNewsEvery != 0) return;
  std::printf("%llu seeds\n", static_cast<unsigned long long>(done));
  std::fflush(stdout);
}

void check_seeds(const SeededSimulation& simulation) {
  if (const char* path = std::getenv("DOZO_TRACE")) return check_trace(simulation, path);
  const std::uint64_t only = from_environment("DOZO_SEED", 0);
  const std::uint64_t first = only != 0 ? only : 1;
  const std::uint64_t count = from_environment("DOZO_SEEDS", only != 0 ? 1 : 200);
  std::uint64_t failures_left = from_environment("DOZO_FAILURES", 1);
  Runner runner(simulation);
  for (std::uint64_t seed = first; seed < first + count && failures_left > 0; ++seed) {
    const Trace trace = simulation.make(seed);
    const std::string problem = simulation.run(trace);
    if (!problem.empty()) {
      --failures_left;
      const Trace fewer = shrink(trace, runner);
      ADD_FAILURE() << "SEED=" << seed << ": " << problem << "\n"
                    << simulation.run(fewer) << "\n"
                    << to_text(simulation.actions, fewer);
    }
    tell_progress(seed - first + 1);
  }
}

}  // namespace dozo::server::testing
