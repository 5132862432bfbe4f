// World: a whole server in one process for tests: memory volumes, users, a simulated loop that is its clock too. And
// the clients that are connected to it. Not part of any program.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "runtime/gate.h"
#include "runtime/simulated_loop.h"
#include "server/server.h"
#include "server/testing/client.h"
#include "vfs/memory/volume.h"

namespace dozo::server::testing {

// Everything a careful test server has: dialects from 2.0.2 on, signing required, encryption offered, and the shares
//   data       read and write            secret     encryption required
//   readonly   nothing can be changed    bobs       for bob alone
Config test_config();

struct WorldOptions {
  std::uint64_t seed = 1;
  runtime::SimulationOptions simulation;
  Config config = test_config();
  share::EngineOptions engine;
  std::string state_dir;  // where persistent handles are stored; empty: there are none
  // Shares of these names have these files; the others are new.
  std::map<std::string, std::shared_ptr<vfs::MemoryVolume>> volumes;
};

// Users: alice (an administrator) and bob; the password is the name followed by "-secret".
std::string password_of(const std::string& user);
std::unique_ptr<identity::UserSource> test_users();

// Resource; one thread. Clients belong to it and end with it.
class World {
 public:
  explicit World(WorldOptions options = {});
  ~World();
  World(const World&) = delete;
  World& operator=(const World&) = delete;

  runtime::SimulatedLoop& loop() { return loop_; }
  Server& server() { return *server_; }
  vfs::MemoryVolume& volume(const std::string& share) { return *volumes_.at(share); }
  // For the world that follows this one.
  const std::map<std::string, std::shared_ptr<vfs::MemoryVolume>>& volumes() const { return volumes_; }

  // A new transport connection; nothing has been sent.
  Client& connect(ClientOptions options = {});
  // Negotiated, logged on and connected to `share`. What fails is a problem.
  Client& log_on(ClientOptions options = {}, const std::string& share = "data");

  // Steps until done(), for at most so long in simulated time; whether done().
  template <class Done>
  bool run_until(Done done, Duration at_most = std::chrono::seconds(30)) {
    const Instant end = loop_.now() + at_most;
    while (!done()) {
      if (loop_.now() > end || !loop_.step()) break;
    }
    return done();
  }
  // Until only timers are left: what was sent has been answered, or waits.
  void settle() { loop_.run_until_idle(); }

  // Ends every connection and waits for the server to be done with them. What was wrong, one thing a line: problems
  // that clients saw, and what the server left behind. Empty when all is well.
  std::string leave();
  // Of the clients alone, so far.
  std::string problems() const;
  // What the server has of connections, sessions, opens, locks: nothing, once everybody has left.
  std::string leftovers() const;

 private:
  std::map<std::string, std::shared_ptr<vfs::MemoryVolume>> volumes_;
  runtime::SimulatedLoop loop_;
  std::unique_ptr<Server> server_;
  runtime::Gate gate_;
  std::vector<std::unique_ptr<Client>> clients_;
};

}  // namespace dozo::server::testing
