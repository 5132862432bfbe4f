#include "server/testing/world.h"

#include <fmt/format.h>

#include <cstdlib>

#include "base/assert.h"
#include "base/log.h"
#include "server/connection.h"
#include "server/durable/preserve.h"
#include "server/durable/restore.h"

namespace dozo::server::testing {
namespace {

class WorldUsers final : public identity::UserSource {
 public:
  WorldUsers() {
    identity::MachineIdentity machine{.domain_sid = sid_from_string("S-1-5-21-1-2-3").value_or(Sid{}),
                                      .server_guid = {}};
    machine.server_guid.bytes[0] = 0xD0;
    std::vector<identity::User> users{make("alice", 1000), make("bob", 1001)};
    std::vector<identity::Group> groups{{.name = "Administrators", .rid = 544, .builtin = true, .members = {"alice"}}};
    snapshot_ = std::make_shared<const identity::UserSnapshot>(std::move(machine), std::move(users), std::move(groups));
  }
  std::shared_ptr<const identity::UserSnapshot> snapshot() override { return snapshot_; }

 private:
  static identity::User make(const std::string& name, std::uint32_t rid) {
    identity::User user;
    user.name = name;
    user.rid = rid;
    user.nt_hash = crypto::nt_hash(password_of(name)).value_or(crypto::NtHash{});
    return user;
  }
  std::shared_ptr<const identity::UserSnapshot> snapshot_;
};

ShareConfig share_of(const std::string& name) {
  ShareConfig share;
  share.name = name;
  share.path = "memory:" + name;
  return share;
}

// A VolumeFactory has no context: the world that is opening its shares.
thread_local std::map<std::string, std::shared_ptr<vfs::MemoryVolume>>* volumes_being_made = nullptr;

std::shared_ptr<vfs::Volume> make_memory_volume(const ShareConfig& share, std::string&) {
  std::shared_ptr<vfs::MemoryVolume>& volume = (*volumes_being_made)[share.name];
  if (!volume) volume = std::make_shared<vfs::MemoryVolume>();
  return volume;
}

}  // namespace

std::unique_ptr<identity::UserSource> test_users() { return std::make_unique<WorldUsers>(); }

std::string password_of(const std::string& user) { return user + "-secret"; }

Config test_config() {
  Config config;
  config.server.name = "FILES";
  config.server.min_dialect = Dialect::smb_2_0_2;
  config.shares = {share_of("data"), share_of("secret"), share_of("readonly"), share_of("bobs")};
  config.shares[1].encryption = ShareEncryption::required;
  config.shares[2].read_only = true;
  config.shares[3].allow = {"bob"};
  return config;
}

World::World(WorldOptions options) : volumes_(std::move(options.volumes)), loop_(options.seed, options.simulation) {
  // DOZO_TEST_LOG=1 shows what the server has to say.
  log::set_level(std::getenv("DOZO_TEST_LOG") != nullptr ? log::Level::debug : log::Level::error);
  ServerParts parts;
  parts.config = std::make_shared<const Config>(std::move(options.config));
  parts.users = std::make_unique<WorldUsers>();
  parts.clock = &loop_;
  parts.make_volume = &make_memory_volume;
  parts.engine = options.engine;
  if (!options.state_dir.empty()) {
    auto handles = PersistentStore::open(options.state_dir);
    DOZO_ASSERT(handles.has_value());
    parts.handles = std::move(*handles);
  }
  server_ = std::make_unique<Server>(std::move(parts));
  volumes_being_made = &volumes_;
  const auto opened = server_->open_shares();
  DOZO_ASSERT(opened.has_value());
  volumes_being_made = nullptr;
  // Before anybody is let in, as a server does it.
  runtime::spawn(gate_, restore_persistent_opens(*server_));
  settle();
  run_until([this] { return gate_.count() == 0; });
}

World::~World() { static_cast<void>(leave()); }

Client& World::connect(ClientOptions options) {
  const auto [ours, theirs] = loop_.make_pair();
  runtime::spawn(gate_, server_->serve(loop_, runtime::Socket(loop_, theirs)));
  clients_.push_back(std::make_unique<Client>(*this, runtime::Socket(loop_, ours), std::move(options)));
  return *clients_.back();
}

Client& World::log_on(ClientOptions options, const std::string& share) {
  Client& client = connect(std::move(options));
  const Answer answers[] = {client.negotiate(), client.log_on(), client.connect_tree(share)};
  for (const Answer& answer : answers) {
    if (answer.none() || answer.status() != NtStatus::SUCCESS) {
      client.add_problem(fmt::format("no way in: {} {}", to_string(answer.header.command), to_string(answer.status())));
    }
  }
  return client;
}

std::string World::problems() const {
  std::string out;
  for (std::size_t i = 0; i < clients_.size(); ++i) {
    for (const std::string& problem : clients_[i]->problems()) out += fmt::format("client {}: {}\n", i, problem);
  }
  return out;
}

std::string World::leftovers() const {
  const ServerStats& stats = server_->stats;
  const share::EngineCounts engine = server_->engine().counts();
  struct Row {
    const char* what;
    std::uint64_t count;
  };
  const Row rows[] = {{"connections served", gate_.count()},
                      {"connections", stats.connections_now.load()},
                      {"known connections", server_->connections().size()},
                      {"sessions", stats.sessions_now.load()},
                      {"trees", stats.trees_now.load()},
                      {"opens", stats.opens_now.load()},
                      {"files in the share engine", engine.files},
                      {"opens in the share engine", engine.opens},
                      {"locks in the share engine", engine.locks},
                      {"waiting locks in the share engine", engine.waiters},
                      {"oplocks in the share engine", engine.oplocks},
                      {"leases in the share engine", engine.leases},
                      {"breaks in the share engine", engine.breaks},
                      {"opens in the registry", server_->sharing().opens().size()},
                      {"tasks of the share engine's", server_->sharing().at_work()}};
  std::string out;
  for (const Row& row : rows) {
    if (row.count != 0) out += fmt::format("left behind: {} {}\n", row.count, row.what);
  }
  return out;
}

std::string World::leave() {
  for (const auto& client : clients_) client->read_again();
  for (const auto& client : clients_) client->hang_up();
  run_until([&] {
    bool busy = gate_.count() != 0;
    for (const auto& client : clients_) busy = busy || client->holds_gate();
    return !busy;
  });
  // What was posted to the loop on the way out, or sleeps; and what waits for clients that will not come.
  settle();
  run_until([&] { return server_->sharing().at_work() == 0; });
  runtime::spawn(gate_, close_preserved_opens(*server_));
  settle();
  run_until([&] { return server_->sharing().at_work() == 0; });  // who watches over a break looks up now and then
  std::string out = problems() + leftovers();
  clients_.clear();
  return out;
}

}  // namespace dozo::server::testing
