// The share-state engine against a slow and obvious model, from one 64-bit seed.
// How many seeds: seeds.h.
// A failure prints SEED= and the shortest scenario that still fails, as .smbt with the answers of the model.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <array>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "share/scenario.h"
#include "share/scenario_runner.h"
#include "tests/simulation/engine_model.h"
#include "tests/simulation/seeds.h"

namespace dozo::share {
namespace {

constexpr std::size_t kSteps = 250;

using server::testing::from_environment;
using server::testing::tell_progress;

// Steps that need not make sense: that a handle is closed or a range not locked is an answer too.
class Generator {
 public:
  explicit Generator(std::uint64_t seed) : random_(seed) {}

  std::vector<Step> steps() {
    std::vector<Step> out(kSteps);
    for (Step& step : out) step = next();
    return out;
  }

 private:
  struct Weight {
    Verb verb;
    unsigned parts;
  };
  static constexpr std::array<Weight, 21> kWeights = {
      {{Verb::open, 26},  {Verb::close, 9},   {Verb::lock, 26},       {Verb::unlock, 22},  {Verb::read, 4},
       {Verb::write, 4},  {Verb::cancel, 2},  {Verb::delete_file, 2}, {Verb::undelete, 2}, {Verb::pending, 3},
       {Verb::rename, 3}, {Verb::link, 2},    {Verb::disconnect, 1},  {Verb::advance, 3},  {Verb::use, 12},
       {Verb::ack, 16},   {Verb::replace, 2}, {Verb::change, 1},      {Verb::outside, 1},  {Verb::preserve, 3},
       {Verb::reclaim, 2}}};

  std::uint64_t below(std::uint64_t bound) { return random_() % bound; }
  bool one_in(std::uint64_t n) { return below(n) == 0; }
  template <std::size_t N>
  std::string pick(const std::array<const char*, N>& list) {
    return list[below(N)];
  }

  Verb verb() {
    unsigned total = 0;
    for (const Weight& w : kWeights) total += w.parts;
    std::uint64_t at = below(total);
    for (const Weight& w : kWeights) {
      if (at < w.parts) return w.verb;
      at -= w.parts;
    }
    return Verb::open;
  }

  std::string path() { return pick(std::array{"f", "f", "f", "f", "f", "g", "d", "d\\x"}); }

  Step next() {
    Step step;
    step.verb = verb();
    if (step.verb == Verb::advance) {
      step.time = std::chrono::seconds(1 + below(one_in(3) ? 40 : 5));
      return step;
    }
    if (step.verb == Verb::outside) {
      step.path = path();
      return step;
    }
    step.actor = pick(std::array{"A", "B", "C", "A.2"});
    if (step.verb == Verb::change) {
      step.path = path();
      if (one_in(2)) step.lease.emplace().key = pick(std::array{"K", "L"});
      return step;
    }
    if (step.verb == Verb::ack && one_in(2)) {
      step.lease.emplace().key = pick(std::array{"K", "L"});
      step.lease->state = state();
      return step;
    }
    if (step.verb == Verb::disconnect) return step;
    step.handle = pick(std::array{"h1", "h2", "h3"});
    if (step.verb == Verb::open) open(step);
    if (step.verb == Verb::ack) step.oplock = level();
    if (step.verb == Verb::use) step.use = static_cast<CacheUse>(below(6));
    if (step.verb == Verb::replace) step.path = path();
    if (step.verb == Verb::preserve) {
      step.time = std::chrono::seconds(1 + below(20));
      step.resilient = one_in(3);
      step.persistent = one_in(5);
    }
    if (step.verb == Verb::close) step.nonempty = one_in(4);
    if (step.verb == Verb::rename || step.verb == Verb::link) step.path = path();
    if (step.verb == Verb::rename) step.replace = one_in(2);
    if (step.verb == Verb::lock || step.verb == Verb::unlock) ranges(step);
    if (step.verb == Verb::read || step.verb == Verb::write) step.ranges.push_back(range(LockKind::invalid));
    return step;
  }

  void open(Step& step) {
    step.path = path();
    step.stream = pick(std::array{"", "", "", "", "", "", "S", "T"});
    step.access = Access::read_attributes | Access::synchronize;
    for (const Access right :
         {Access::read_data, Access::write_data, Access::append_data, Access::execute, Access::delete_object}) {
      if (one_in(3)) step.access |= right;
    }
    step.share = ShareAccess::from_wire(one_in(4) ? static_cast<std::uint32_t>(below(8)) : 7);
    step.is_directory = step.path == "d" && step.stream.empty();
    step.delete_on_close = one_in(12);
    caching(step);
  }

  // A third of the opens only looks: what W is about is a sole opener among such.
  void caching(Step& step) {
    if (one_in(3)) step.access = Access::read_attributes | Access::synchronize;
    if (one_in(12)) step.access |= one_in(2) ? Access::read_control : Access::read_ea;
    step.overwrites = !step.is_directory && one_in(8);
    step.complete_if_oplocked = one_in(12);
    if (one_in(8)) step.allocation_size = below(16);
    if (one_in(3)) return;
    if (one_in(2)) {
      step.oplock = level();
      if (step.oplock == OplockLevel::lease) step.oplock = OplockLevel::batch;
      return;
    }
    step.lease = LeaseWords{pick(std::array{"K", "L"}), state(), one_in(2), 0, ""};
    if (step.lease->v2) step.lease->epoch = static_cast<std::uint16_t>(below(3) * 10);
  }

  LeaseState state() {
    return one_in(8) ? LeaseState::from_wire(static_cast<std::uint32_t>(below(8)))
                     : std::array{kStateR, kStateRH, kStateRW, kStateRWH, LeaseState{}}[below(5)];
  }

  OplockLevel level() {
    using enum OplockLevel;
    return std::array{none, level_ii, level_ii, exclusive, batch, batch, one_in(4) ? lease : level_ii}[below(7)];
  }

  static constexpr LeaseState kStateR = LeaseBit::read;
  static constexpr LeaseState kStateRH = LeaseBit::read | LeaseBit::handle;
  static constexpr LeaseState kStateRW = LeaseBit::read | LeaseBit::write;
  static constexpr LeaseState kStateRWH = LeaseBit::read | LeaseBit::write | LeaseBit::handle;

  // Mostly a range that was used not long ago: what locks, waits and unlocks are about is to meet.
  LockElement range(LockKind kind) {
    LockElement element{below(16), below(6), kind, false};
    if (one_in(20)) element.offset = ~std::uint64_t{0} - below(3);
    if (!one_in(4)) {
      const LockElement& again = recent_[below(recent_.size())];
      element.offset = again.offset;
      element.length = again.length;
    }
    recent_[below(recent_.size())] = element;
    return element;
  }

  void ranges(Step& step) {
    const std::size_t count = one_in(4) ? 1 + below(3) : 1;
    for (std::size_t i = 0; i < count; ++i) {
      LockKind kind = step.verb == Verb::unlock ? LockKind::unlock : one_in(2) ? LockKind::shared : LockKind::exclusive;
      if (step.verb == Verb::lock && one_in(40)) kind = one_in(2) ? LockKind::invalid : LockKind::unlock;
      step.ranges.push_back(range(kind));
      step.ranges.back().fail_immediately =
          step.verb == Verb::lock && kind != LockKind::unlock && (count > 1 ? !one_in(20) : one_in(2));
    }
    if (one_in(8))
      step.sequence =
          LockSequence{static_cast<std::uint32_t>(below(4) * 22), one_in(2) ? std::uint8_t{1} : std::uint8_t{2}};
    if (step.verb == Verb::lock && one_in(3)) step.time = std::chrono::seconds(1 + below(10));
  }

  std::mt19937_64 random_;
  std::array<LockElement, 3> recent_{};
};

// The first step at which engine and model differ.
std::optional<std::size_t> first_difference(const std::vector<Step>& steps, const EngineOptions& options) {
  EngineRunner runner(options);
  EngineModel model;
  for (std::size_t i = 0; i < steps.size(); ++i) {
    if (runner.run(steps[i]) != model.run(steps[i])) return i;
    const EngineCounts counts = runner.engine().counts();
    if (counts.opens != model.open_count() || counts.locks != model.lock_count()) return i;
    if (counts.waiters != model.wait_count() || counts.breaks != model.break_count()) return i;
    if (counts.oplocks != model.oplock_count() || counts.leases != model.lease_count()) return i;
  }
  return std::nullopt;
}

// Leaves out what is not needed for a difference, in ever smaller pieces.
std::vector<Step> shrink(std::vector<Step> steps, const EngineOptions& options) {
  if (const auto at = first_difference(steps, options)) steps.resize(*at + 1);
  for (std::size_t piece = steps.size() / 2; piece > 0; piece /= 2) {
    for (std::size_t at = 0; at + piece <= steps.size();) {
      std::vector<Step> fewer = steps;
      const auto begin = fewer.begin() + static_cast<std::ptrdiff_t>(at);
      fewer.erase(begin, begin + static_cast<std::ptrdiff_t>(piece));
      if (first_difference(fewer, options))
        steps = std::move(fewer);
      else
        at += piece;
    }
  }
  return steps;
}

// As .smbt, with what the model says.
std::string script(std::uint64_t seed, std::vector<Step> steps) {
  EngineModel model;
  for (Step& step : steps) {
    StepResult right = model.run(step);
    step.answer = std::move(right.answer);
    step.effects = std::move(right.effects);
  }
  return to_text(Scenario{0, fmt::format("found by the simulation, seed {}", seed), std::move(steps)});
}

std::vector<StepResult> results(const std::vector<Step>& steps) {
  EngineRunner runner;
  std::vector<StepResult> out;
  for (const Step& step : steps) out.push_back(runner.run(step));
  return out;
}

TEST(EngineSimulation, the_engine_does_what_the_model_does) {
  const std::uint64_t only = from_environment("DOZO_SEED", 0);
  const std::uint64_t first = only != 0 ? only : 1;
  const std::uint64_t count = from_environment("DOZO_SEEDS", only != 0 ? 1 : 200);
  for (std::uint64_t seed = first; seed < first + count; ++seed) {
    const std::vector<Step> steps = Generator(seed).steps();
    tell_progress(seed - first + 1);
    if (!first_difference(steps, {})) continue;
    const std::string text = script(seed, shrink(steps, {}));
    const auto scenarios = parse_scenarios(text);
    const auto run = scenarios ? run_scenario(scenarios->front()) : std::unexpected(scenarios.error().message);
    FAIL() << "SEED=" << seed << "\n" << text << (run ? "" : run.error());
  }
}

TEST(EngineSimulation, a_second_run_has_the_same_effects) {
  for (std::uint64_t seed = 1; seed <= 10; ++seed) {
    const std::vector<Step> steps = Generator(seed).steps();
    EXPECT_EQ(results(steps), results(steps)) << "SEED=" << seed;
  }
}

// That what the generator makes reaches every answer there is; else agreement would mean little.
TEST(EngineSimulation, the_steps_reach_every_answer_and_effect) {
  std::map<std::string, int> seen;
  for (std::uint64_t seed = 1; seed <= 60; ++seed) {
    for (const StepResult& result : results(Generator(seed).steps())) {
      ++seen[result.answer];
      if (result.answer.ends_with(" breaking")) ++seen["breaking"];
      // "A.2 wake ok", "A break h1 to none": what happens, not to whom.
      for (const std::string& effect : result.effects) {
        const std::size_t verb = effect.find(' ') + 1;
        const std::size_t object = effect.find(' ', verb);
        const bool wake = effect.compare(verb, 4, "wake") == 0;
        ++seen[effect.substr(verb, wake ? std::string::npos : object - verb)];
      }
    }
  }
  for (const char* what : {"ok",
                           "pending",
                           "yes",
                           "no",
                           "SHARING_VIOLATION",
                           "DELETE_PENDING",
                           "LOCK_NOT_GRANTED",
                           "FILE_LOCK_CONFLICT",
                           "RANGE_NOT_LOCKED",
                           "INVALID_LOCK_RANGE",
                           "INVALID_PARAMETER",
                           "FILE_CLOSED",
                           "ACCESS_DENIED",
                           "NOT_FOUND",
                           "OBJECT_NAME_COLLISION",
                           "FILE_NOT_AVAILABLE",
                           "NOT_SUPPORTED",
                           "OBJECT_NAME_NOT_FOUND",
                           "INVALID_OPLOCK_PROTOCOL",
                           "INVALID_DEVICE_STATE",
                           "UNSUCCESSFUL",
                           "REQUEST_NOT_ACCEPTED",
                           "ok oplock=none",
                           "ok oplock=level_ii",
                           "ok oplock=exclusive",
                           "ok oplock=batch",
                           "ok lease=-",
                           "ok lease=R",
                           "ok lease=RW",
                           "ok lease=RH",
                           "ok lease=RWH",
                           "breaking",
                           "break",
                           "wake FILE_CLOSED",
                           "wake ok",
                           "wake CANCELLED",
                           "wake RANGE_NOT_LOCKED",
                           "wake LOCK_NOT_GRANTED",
                           "purge",
                           "forget"}) {
    EXPECT_GT(seen[what], 2) << what;
  }
}

class EngineCanary : public testing::TestWithParam<Canary> {};

TEST_P(EngineCanary, a_planted_bug_is_found_and_shrunk) {
  const EngineOptions options{.canary = GetParam()};
  const std::uint64_t count = from_environment("DOZO_SEEDS", 200);
  for (std::uint64_t seed = 1; seed <= count; ++seed) {
    const std::vector<Step> steps = Generator(seed).steps();
    if (!first_difference(steps, options)) continue;
    const std::vector<Step> fewer = shrink(steps, options);
    EXPECT_LE(fewer.size(), 10u) << script(seed, fewer);
    // The shrunk script is a scenario that the bug fails and the engine without it passes.
    const Scenario scenario = parse_scenarios(script(seed, fewer)).value().front();
    EXPECT_TRUE(run_scenario(scenario)) << script(seed, fewer);
    return;
  }
  FAIL() << "not found within " << count << " seeds";
}

INSTANTIATE_TEST_SUITE_P(EveryCanary, EngineCanary,
                         testing::Values(Canary::unlock_wakes_one, Canary::append_is_not_write,
                                         Canary::close_keeps_locks, Canary::rollback_keeps_first,
                                         Canary::break_forgets_waiter, Canary::own_lease_is_broken));

}  // namespace
}  // namespace dozo::share
