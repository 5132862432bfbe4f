#include "tests/simulation/server_simulation.h"

#include <fmt/format.h>

#include <algorithm>

#include "tests/simulation/mishaps.h"
#include "tests/simulation/rules.h"
#include "tests/simulation/server_actor.h"
#include "tests/simulation/worlds.h"

namespace dozo::server::testing {
namespace {

// Longer than anything a server does by itself with nobody there.
constexpr Duration kGoneAfter = std::chrono::minutes(5);

class Simulation {
 public:
  Simulation(const Trace& trace, const SimulationSettings& settings)
      : trace_(trace), worlds_(options_of(trace.seed, settings), false) {
    runtime::SeededRandom random(trace.seed);
    if (random.chance(500'000)) {
      world().volume("data").set_delay(std::chrono::microseconds(random.between(1, 2000)));
    }
    for (std::uint32_t i = 0; i < settings.actors; ++i) {
      actors_.push_back(std::make_unique<Actor>(world(), static_cast<int>(i), outcome_.seen));
    }
  }

  SimulationOutcome run() {
    for (const Step& step : trace_.steps) {
      if (!outcome_.problem.empty()) break;
      perform(step);
      // Not by steps: with nothing to do a step goes to the next timer, a quarter of an hour away.
      world().loop().run_for(std::chrono::microseconds(step.wait_us));
      look();
    }
    if (outcome_.problem.empty()) settle();
    const std::string left = world().leave();
    if (outcome_.problem.empty()) outcome_.problem = left;
    worlds_.end();
    outcome_.trace = worlds_.trace_hash();
    outcome_.steps = worlds_.steps();
    return outcome_;
  }

 private:
  static WorldOptions options_of(std::uint64_t seed, const SimulationSettings& settings) {
    WorldOptions options{.seed = seed};
    options.engine.canary = settings.canary;
    options.simulation.chunk_max = 1 + seed % 3000;
    return options;
  }

  World& world() { return worlds_.current(); }

  void perform(const Step& step) {
    switch (static_cast<Action>(step.action)) {
      case Action::settle:
        return settle();
      case Action::restart:
        return restart(kDowns[step.values[0]]);
      case Action::outside:
        return change_outside(kOutsideNames[step.values[0]], step.values[1] == 2);
      case Action::jump:
        return jump(kJumps[step.values[0]]);
      case Action::set_clock:
        return world().loop().set_wall_ahead(kClockErrors[step.values[0]]);
      default:
        if (step.actor < actors_.size()) actors_[step.actor]->run(step);
    }
  }

  // The server is killed, whatever it is doing, and another one starts on the files it left.
  void restart(Duration down) {
    worlds_.kill();
    for (const auto& actor : actors_) actor->lose_server();
    world().loop().run_for(kGoneAfter);
    worlds_.start_again(down);
    for (const auto& actor : actors_) actor->move_to(world());
    ++outcome_.seen["restart"];
  }

  // Another program writes or removes a file.
  void change_outside(std::string_view name, bool removes) {
    vfs::MemoryVolume& volume = world().volume("data");
    const bool done = removes ? volume.outside_remove(path_of(name)).has_value()
                              : volume.outside_write(path_of(name), "from outside").has_value();
    if (done) ++outcome_.seen[removes ? "outside remove" : "outside write"];
  }

  void jump(Duration time) {
    world().loop().jump(time);
    world().loop().run_for(kAfterJump);
  }

  void fail_with(std::string what) {
    if (outcome_.problem.empty() && !what.empty()) outcome_.problem = std::move(what);
  }

  void look() {
    for (const auto& actor : actors_) {
      actor->look();
      fail_with(actor->problem());
    }
    fail_with(world().problems());
  }

  // Time for everything that does not wait for somebody; then what is known can be compared.
  void settle() {
    do {
      world().loop().run_for(std::chrono::seconds(2));
      look();
    } while (outcome_.problem.empty() && is_any_trying_again());
    for (const auto& actor : actors_) {
      actor->check_settled();
      fail_with(actor->problem());
    }
    world().loop().run_for(std::chrono::seconds(2));
    check_counts();
    check_share_modes();
    check_waiting_locks();
  }

  bool is_any_trying_again() const {
    return std::ranges::any_of(actors_, [](const auto& actor) { return actor->is_trying_again(); });
  }

  void expect(const char* what, std::uint64_t expected, std::uint64_t found) {
    if (expected != found) fail_with(fmt::format("{} {}, and the server has {}", expected, what, found));
  }

  void check_counts() {
    std::uint64_t connections = 0, sessions = 0, opens = 0, unknown = 0, locks = 0, waiting = 0;
    for (const auto& actor : actors_) {
      if (!actor->is_connected()) continue;
      ++sessions;
      connections += actor->channel_count();
      unknown += actor->unknown_opens();
      opens += actor->opens().size() + 1;  // and the private file
      waiting += actor->waiting_locks().size();
      for (const KnownOpen& open : actor->opens()) locks += open.locks.size();
    }
    const ServerStats& stats = world().server().stats;
    const share::EngineCounts engine = world().server().engine().counts();
    expect("connections", connections, stats.connections_now.load());
    expect("sessions", sessions, stats.sessions_now.load());
    expect("trees", sessions, stats.trees_now.load());
    const std::uint64_t found = stats.opens_now.load();
    if (found < opens || found > opens + unknown) expect("opens", opens, found);
    expect("opens in the engine", found, engine.opens);
    expect("locks", locks, engine.locks);
    expect("waiting locks", waiting, engine.waiters);
  }

  std::vector<const KnownOpen*> all_opens() const {
    std::vector<const KnownOpen*> out;
    for (const auto& actor : actors_) {
      for (const KnownOpen& open : actor->opens()) out.push_back(&open);
    }
    return out;
  }

  void check_share_modes() {
    const auto opens = all_opens();
    for (const KnownOpen* a : opens) {
      for (const KnownOpen* b : opens) {
        if (a == b || a->identity != b->identity || permits(a->access, b->access, b->share)) continue;
        fail_with(fmt::format("two opens of file {} that exclude each other: access {:#x}, share {:#x}", a->identity,
                              a->access.bits(), b->share.bits()));
      }
    }
  }

  // A lock waits only while one that is held is in its way; and no two that are held are in each other's.
  void check_waiting_locks() {
    const auto opens = all_opens();
    const auto in_the_way = [&](std::uint64_t identity, const wire::LockElement& wanted) {
      for (const KnownOpen* open : opens) {
        if (open->identity != identity) continue;
        for (const wire::LockElement& held : open->locks) {
          if (exclude(held, wanted)) return true;
        }
      }
      return false;
    };
    for (const auto& actor : actors_) {
      for (const auto& [identity, wanted] : actor->waiting_locks()) {
        if (!in_the_way(identity, wanted)) {
          fail_with(fmt::format("a lock of {}+{} waits and nothing is in its way", wanted.offset, wanted.length));
        }
      }
    }
    for (const KnownOpen* a : opens) {
      for (const KnownOpen* b : opens) {
        if (a >= b || a->identity != b->identity) continue;
        for (const wire::LockElement& x : a->locks) {
          for (const wire::LockElement& y : b->locks) {
            if (exclude(x, y)) fail_with("two locks that exclude each other");
          }
        }
      }
    }
  }

  const Trace& trace_;
  SimulationOutcome outcome_;
  Worlds worlds_;
  std::vector<std::unique_ptr<Actor>> actors_;
};

class ServerRunner final : public TraceRunner {
 public:
  explicit ServerRunner(const SimulationSettings& settings) : settings_(settings) {}
  std::string run(const Trace& trace) override { return run_server(trace, settings_).problem; }

 private:
  const SimulationSettings& settings_;
};

}  // namespace

Trace server_trace(std::uint64_t seed, const SimulationSettings& settings) {
  return generate(free_actions(), seed, settings.actors, settings.steps);
}

SimulationOutcome run_server(const Trace& trace, const SimulationSettings& settings) {
  return Simulation(trace, settings).run();
}

Trace shrink_server(const Trace& trace, const SimulationSettings& settings) {
  ServerRunner runner(settings);
  return shrink(trace, runner);
}

}  // namespace dozo::server::testing
