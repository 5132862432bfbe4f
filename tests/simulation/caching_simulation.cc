#include "tests/simulation/caching_simulation.h"

#include <fmt/format.h>

#include "tests/simulation/caching_actor.h"
#include "tests/simulation/caching_names.h"
#include "tests/simulation/rules.h"

namespace dozo::server::testing {
namespace {

// Long enough for every break in turn to be waited for in vain.
constexpr Duration kSettleMax = std::chrono::minutes(8);
// Longer than the server waits for anybody to come back.
constexpr Duration kForgetMax = std::chrono::minutes(40);

class CachingSimulation {
 public:
  CachingSimulation(const Trace& trace, const CachingSettings& settings)
      : trace_(trace), world_(options_of(trace.seed, settings)) {
    model_.world = &world_;
    model_.last_action.resize(settings.actors);
    runtime::SeededRandom random(trace.seed);
    make_directory();
    if (random.chance(500'000)) {
      world_.volume("data").set_delay(std::chrono::microseconds(random.between(1, 2000)));
    }
    for (std::uint32_t i = 0; i < settings.actors; ++i) {
      actors_.push_back(std::make_unique<CachingActor>(model_, i));
    }
  }

  CachingOutcome run() {
    for (const Step& step : trace_.steps) {
      if (!model_.problem.empty()) break;
      perform(step);
      world_.loop().run_for(std::chrono::microseconds(step.wait_us));
      look();
    }
    if (model_.problem.empty()) settle();
    finish();
    CachingOutcome outcome{.problem = model_.problem, .seen = std::move(model_.seen)};
    outcome.trace = world_.loop().trace_hash();
    outcome.steps = world_.loop().steps();
    return outcome;
  }

 private:
  static WorldOptions options_of(std::uint64_t seed, const CachingSettings& settings) {
    WorldOptions options{.seed = seed};
    options.engine.canary = settings.canary;
    options.simulation.chunk_max = 1 + seed % 3000;
    return options;
  }

  void make_directory() {
    Client& client = world_.log_on();
    const FileId directory = client.open(kWatched, {.options = CreateOption::directory_file});
    if (client.close(directory) != NtStatus::SUCCESS) model_.fail_with("the directory cannot be made");
    client.hang_up();
  }

  void perform(const Step& step) {
    if (step.actor >= actors_.size()) return;
    const auto action = static_cast<CachingAction>(step.action);
    if (action == CachingAction::settle) return settle();
    if (action == CachingAction::pause) return pass(kPauses[step.values[0]]);
    actors_[step.actor]->run(step, actors_);
  }

  // Time goes by in small pieces, so that actors notice what happens to them.
  void pass(Duration time) {
    const Instant end = model_.now() + time;
    while (model_.now() < end && model_.problem.empty()) {
      const Duration piece = std::min<Duration>(end - model_.now(), std::chrono::milliseconds(500));
      world_.loop().run_for(piece);
      look();
    }
  }

  void look() {
    for (const auto& actor : actors_) actor->look();
    model_.fail_with_unless_empty(world_.problems());
  }

  const CachingActor* find_busy() const {
    for (const auto& actor : actors_) {
      if (!actor->is_quiet()) return actor.get();
    }
    return nullptr;
  }

  // Everything that does not wait for somebody ends, within bounds; then what is known can be compared.
  void settle() {
    const Instant end = model_.now() + kSettleMax;
    pass(std::chrono::milliseconds(20));
    while (find_busy() != nullptr && model_.now() < end && model_.problem.empty()) pass(std::chrono::milliseconds(500));
    pass(std::chrono::seconds(1));
    if (!model_.problem.empty()) return;
    if (const CachingActor* busy = find_busy()) return model_.fail_with("it never ends: " + busy->what_is_pending());
    for (const auto& actor : actors_) actor->check_settled();
    model_.fail_with_unless_empty(model_.history.problem());
    check_opens();
    check_caching();
    check_counts();
    check_watches();
  }

  std::vector<const Handle*> all_handles() const {
    std::vector<const Handle*> out;
    for (const auto& actor : actors_) {
      for (const HandleRef& handle : actor->handles()) {
        if (!handle->lost_at) out.push_back(handle.get());
      }
    }
    return out;
  }

  void check_opens() {
    const auto handles = all_handles();
    for (const Handle* a : handles) {
      for (const Handle* b : handles) {
        if (a == b || a->identity != b->identity) continue;
        if (!permits(a->access, b->access, b->share)) {
          model_.fail_with(fmt::format("two opens of file {} that exclude each other: access {:#x}, share {:#x}",
                                       a->identity, a->access.bits(), b->share.bits()));
        }
        for (const wire::LockElement& x : a->locks) {
          for (const wire::LockElement& y : b->locks) {
            if (exclude(x, y)) model_.fail_with("two locks that exclude each other");
          }
        }
      }
    }
  }

  // W excludes that anybody else keeps data of the file.
  void check_caching() {
    const auto handles = all_handles();
    for (const Handle* a : handles) {
      for (const Handle* b : handles) {
        if (a->identity != b->identity || a->cache == b->cache || !a->cache || !b->cache) continue;
        if (a->cache->can(LeaseBit::write) && b->cache->state.has_any(LeaseBit::read | LeaseBit::write)) {
          model_.fail_with("two clients keep one file's data, and one of them writes");
        }
      }
    }
  }

  void check_counts() {
    std::uint64_t connected = 0, known = 0, more = model_.unknown_opens;
    for (const auto& actor : actors_) {
      if (actor->is_connected()) {
        ++connected;
        known += actor->watch_opens();
      }
      for (const HandleRef& handle : actor->handles()) ++(handle->lost_at ? more : known);
    }
    const ServerStats& stats = world_.server().stats;
    expect_between("sessions", connected, connected, stats.sessions_now.load());
    expect_between("opens in the engine", known, known + more, world_.server().engine().counts().opens);
  }

  void expect_between(const char* what, std::uint64_t least, std::uint64_t most, std::uint64_t found) {
    if (found >= least && found <= most) return;
    model_.fail_with(fmt::format("{} to {} {}, and the server has {}", least, most, what, found));
  }

  void check_watches() {
    for (const auto& actor : actors_) {
      const std::set<std::u16string>* told = actor->watched_names();
      if (told == nullptr || !model_.problem.empty()) continue;
      const std::set<std::u16string> before = *told;
      if (before != actor->list_watched_directory()) model_.fail_with("a change of the directory was not told");
    }
  }

  // Everybody goes; after the time that the server waits for some to come back, nothing is left.
  void finish() {
    for (const auto& actor : actors_) actor->end();
    world_.loop().run_for(kForgetMax);
    for (const auto& actor : actors_) {
      if (!actor->has_ended()) model_.fail_with("something an actor waits for never ends");
    }
    const std::string left = world_.leave();
    model_.fail_with_unless_empty(left);
  }

  const Trace& trace_;
  World world_;
  CachingModel model_;
  std::vector<std::unique_ptr<CachingActor>> actors_;
};

class CachingRunner final : public TraceRunner {
 public:
  explicit CachingRunner(const CachingSettings& settings) : settings_(settings) {}
  std::string run(const Trace& trace) override { return run_caching(trace, settings_).problem; }

 private:
  const CachingSettings& settings_;
};

}  // namespace

Trace caching_trace(std::uint64_t seed, const CachingSettings& settings) {
  return generate(caching_actions(), seed, settings.actors, settings.steps);
}

CachingOutcome run_caching(const Trace& trace, const CachingSettings& settings) {
  return CachingSimulation(trace, settings).run();
}

Trace shrink_caching(const Trace& trace, const CachingSettings& settings) {
  CachingRunner runner(settings);
  return shrink(trace, runner);
}

}  // namespace dozo::server::testing
