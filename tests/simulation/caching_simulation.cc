#include "tests/simulation/caching_simulation.h"

#include <fmt/format.h>

#include "base/log.h"
#include "tests/simulation/caching_actor.h"
#include "tests/simulation/caching_names.h"
#include "tests/simulation/mishaps.h"
#include "tests/simulation/rules.h"
#include "tests/simulation/worlds.h"

namespace dozo::server::testing {
namespace {

// Long enough for every break in turn to be waited for in vain.
constexpr Duration kSettleMax = std::chrono::minutes(8);
// Longer than the server waits for anybody to come back.
constexpr Duration kForgetMax = std::chrono::minutes(40);

// In one seed of so many the share is continuously available.
constexpr std::uint64_t kPersistentEvery = 3;

// What a server that starts again cannot restore it can only say.
thread_local std::string lost_by_server;
void watch_log(log::Level, std::string_view event, std::string_view message) {
  if (event == "lock_lost" || event == "handles_lost") lost_by_server = fmt::format("{}: {}", event, message);
  fmt::print(stderr, "{}: {}\n", event, message);
}

class CachingSimulation {
 public:
  CachingSimulation(const Trace& trace, const CachingSettings& settings)
      : trace_(trace), worlds_(options_of(trace, settings), is_persistent(trace)) {
    log::set_sink(&watch_log);
    model_.persistent = is_persistent(trace);
    model_.world = &world();
    model_.last_action.resize(settings.actors);
    runtime::SeededRandom random(trace.seed);
    make_directory();
    if (random.chance(500'000)) {
      world().volume("data").set_delay(std::chrono::microseconds(random.between(1, 2000)));
    }
    for (std::uint32_t i = 0; i < settings.actors; ++i) {
      actors_.push_back(std::make_unique<CachingActor>(model_, i));
    }
  }

  CachingOutcome run() {
    for (const Step& step : trace_.steps) {
      if (!model_.problem.empty()) break;
      perform(step);
      world().loop().run_for(std::chrono::microseconds(step.wait_us));
      look();
    }
    if (model_.problem.empty()) settle();
    finish();
    CachingOutcome outcome{.problem = model_.problem, .seen = std::move(model_.seen)};
    worlds_.end();
    outcome.trace = worlds_.trace_hash();
    outcome.steps = worlds_.steps();
    return outcome;
  }

 private:
  static bool is_persistent(const Trace& trace) { return trace.seed % kPersistentEvery == 0; }
  static WorldOptions options_of(const Trace& trace, const CachingSettings& settings) {
    WorldOptions options{.seed = trace.seed};
    options.engine.canary = settings.canary;
    options.simulation.chunk_max = 1 + trace.seed % 3000;
    options.config.shares[0].continuously_available = is_persistent(trace);
    return options;
  }
  World& world() { return worlds_.current(); }

  // The server is killed, whatever it is doing, and another one starts on what it left on the disk.
  void restart(Duration down) {
    // Nobody sees what other programs change while there is no server; the news of this went with it.
    for (const auto& [file, at] : outside_changes_) {
      if (at + kNewsTravel >= model_.now()) model_.history.untrack(file);
    }
    worlds_.kill();
    for (const auto& actor : actors_) actor->lose_server();
    world().loop().run_for(kForgetMax);
    for (const auto& actor : actors_) {
      if (!actor->has_ended()) return model_.fail_with("something an actor waits for never ends, with the server gone");
    }
    lost_by_server.clear();
    worlds_.start_again(down);
    model_.world = &world();
    model_.fail_with_unless_empty(lost_by_server);
    for (const auto& actor : actors_) actor->find_server_again();
    ++model_.seen["restart"];
  }

  // Another program changes or removes a file. It asks nobody: what a client keeps back meets it in any order, so that
  // is left out where the content is followed.
  void change_outside(std::string_view name, bool removes) {
    vfs::MemoryVolume& volume = world().volume("data");
    const vfs::Path path = path_of(name);
    const auto there = volume.outside_look(path);
    const std::uint64_t identity = there ? there->inode : 0;
    const auto keeps_back = [&](const auto& actor) { return actor->may_keep_back(identity); };
    if (there && name != kOverwritten && std::ranges::any_of(actors_, keeps_back)) return;
    if (removes) {
      if (there) model_.names_removed.insert(identity);
      if (volume.outside_remove(path)) ++model_.seen["outside remove"];
      return;
    }
    ByteVector content(kCellsBegin + kCells * kCellSize);
    for (std::uint32_t i = 0; i < kCells; ++i)
      store_le(content.data() + kCellsBegin + i * kCellSize, ++model_.last_value);
    const auto written = volume.outside_write(path, as_text(content));
    if (!written || name == kOverwritten) return;
    outside_changes_.emplace_back(written->inode, model_.now());
    ++model_.seen["outside write"];
    for (std::uint32_t i = 0; i < kCells; ++i) {
      const Cell cell{written->inode, i};
      const CellValue value = model_.last_value - kCells + 1 + i;
      model_.history.begin_write(cell, value, model_.now());
      model_.history.end_write(cell, value, model_.now());
    }
  }

  void jump(Duration time) {
    world().loop().jump(time);
    model_.jumped_at = model_.now();
    for (const auto& actor : actors_) actor->notice_jump();
    // What was due arrives before anybody does anything.
    pass(kAfterJump);
  }

  void make_directory() {
    Client& client = world().log_on();
    const FileId directory = client.open(kWatched, {.options = CreateOption::directory_file});
    if (client.close(directory) != NtStatus::SUCCESS) model_.fail_with("the directory cannot be made");
    client.hang_up();
  }

  void perform(const Step& step) {
    if (step.actor >= actors_.size()) return;
    const auto action = static_cast<CachingAction>(step.action);
    const auto& v = step.values;
    switch (action) {
      case CachingAction::settle:
        return settle();
      case CachingAction::pause:
        return pass(kPauses[v[0]]);
      case CachingAction::restart:
        return restart(kDowns[v[0]]);
      case CachingAction::outside:
        return change_outside(kFileNames[v[0]], v[1] == 3);
      case CachingAction::jump:
        return jump(kJumps[v[0]]);
      case CachingAction::set_clock:
        return world().loop().set_wall_ahead(kClockErrors[v[0]]);
      default:
        return actors_[step.actor]->run(step, actors_);
    }
  }

  // Time goes by in small pieces, so that actors notice what happens to them.
  void pass(Duration time) {
    const Instant end = model_.now() + time;
    while (model_.now() < end && model_.problem.empty()) {
      const Duration piece = std::min<Duration>(end - model_.now(), std::chrono::milliseconds(500));
      world().loop().run_for(piece);
      look();
    }
  }

  void look() {
    for (const auto& actor : actors_) actor->look();
    check_waits();
    model_.fail_with_unless_empty(world().problems());
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

  // Who opens a file waits until what another client kept back of it is at the server. [MS-SMB2] 3.3.5.9.
  void check_waits() {
    constexpr AccessMask kData = Access::read_data | Access::write_data | Access::append_data;
    const auto handles = all_handles();
    for (const Handle* a : handles) {
      const Cache* kept = a->cache.get();
      if (kept == nullptr || !kept->slow_since || !kept->trusted || kept->dirty.empty()) continue;
      if (model_.jumped_since(*kept->slow_since)) continue;
      for (const Handle* b : handles) {
        if (b->identity != a->identity || b->cache.get() == kept || b->closing || !b->access.has_any(kData)) continue;
        model_.fail_with("an open that did not wait for what another client keeps back");
      }
    }
  }

  // W excludes that anybody else keeps data of the file.
  void check_caching() {
    const auto handles = all_handles();
    for (const Handle* a : handles) {
      for (const Handle* b : handles) {
        if (a->identity != b->identity || a->cache == b->cache || !a->cache || !b->cache) continue;
        if (a->cache->can(LeaseBit::write) && (b->cache->can(LeaseBit::read) || b->cache->can(LeaseBit::write))) {
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
    const ServerStats& stats = world().server().stats;
    expect_between("sessions", connected, connected, stats.sessions_now.load());
    expect_between("opens in the engine", known, known + more, world().server().engine().counts().opens);
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
    world().loop().run_for(kForgetMax);
    for (const auto& actor : actors_) {
      if (!actor->has_ended()) model_.fail_with("something an actor waits for never ends");
    }
    const std::string left = world().leave();
    model_.fail_with_unless_empty(left);
  }

  const Trace& trace_;
  Worlds worlds_;
  std::vector<std::pair<std::uint64_t, Instant>> outside_changes_;
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
