// Worlds: one server after another on the same volumes, each of them killed. The next one goes on where the one before
// it ended: its time, its files, and with a state directory what was stored there.
#pragma once

#include <array>
#include <memory>
#include <string_view>

#include "server/testing/world.h"
#include "tests/simulation/state_folder.h"

namespace dozo::server::testing {

// "dir\\file" as other programs on the server's machine know it.
vfs::Path path_of(std::string_view name);

// Resource; one thread. Clients belong to the world they were made in.
class Worlds {
 public:
  // `each`: what all have; their seeds count up from its. with_state: they store persistent handles.
  Worlds(WorldOptions each, bool with_state);

  World& current() { return *world_; }
  // The server is killed, whatever it is doing: nothing it still does reaches a file. Its time goes on.
  void kill();
  // Those who waited for something from it have ended. Another one starts so long after the kill.
  void start_again(Duration down);
  void end();

  // Of all of them, so far ended.
  std::uint64_t trace_hash() const { return trace_hash_; }
  std::uint64_t steps() const { return steps_; }

 private:
  using Volumes = std::map<std::string, std::shared_ptr<vfs::MemoryVolume>>;
  void start(Instant at, Volumes volumes);
  const StateFolder& folder(std::uint64_t number) const { return *folders_[number % folders_.size()]; }

  const WorldOptions each_;
  std::array<std::unique_ptr<StateFolder>, 2> folders_;  // null: without
  std::unique_ptr<World> world_;
  std::uint64_t started_ = 0;
  Instant killed_at_;
  std::uint64_t trace_hash_ = 0;
  std::uint64_t steps_ = 0;
};

}  // namespace dozo::server::testing
