// Server: what the connections share: configuration, shares, users, the share engine, limits. Thread-safe; outlives
// every loop.
#pragma once

#include <atomic>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/mutex.h"
#include "guard/limits.h"
#include "identity/authenticator.h"
#include "identity/failure_delay.h"
#include "identity/ntlm_acceptor.h"
#include "identity/sid_directory.h"
#include "identity/user_store.h"
#include "model/guid.h"
#include "runtime/loop.h"
#include "runtime/socket.h"
#include "server/config.h"
#include "server/durable/store.h"
#include "server/durable/table.h"
#include "server/open.h"
#include "server/session_registry.h"
#include "server/share_effects.h"
#include "server/trace.h"
#include "server/tree.h"
#include "share/sharded_engine.h"

namespace dozo::server {

class Connection;

// The shares of one configuration, by upper-case name; IPC$ among them.
using ShareMap = std::map<std::u16string, ShareRef>;

struct ServerStats {
  std::atomic<std::uint64_t> connections_accepted{0};
  std::atomic<std::uint64_t> connections_now{0};
  std::atomic<std::uint64_t> sessions_now{0};
  std::atomic<std::uint64_t> opens_now{0};
  std::atomic<std::uint64_t> trees_now{0};
  std::atomic<std::uint64_t> requests{0};
  std::atomic<std::uint64_t> logons{0};
  std::atomic<std::uint64_t> logons_refused{0};
};

// Makes the volume of a share; tests give their own.
using VolumeFactory = std::shared_ptr<vfs::Volume> (*)(const ShareConfig& share, std::string& error);

struct ServerParts {
  std::shared_ptr<const Config> config;
  std::unique_ptr<identity::UserSource> users;
  const Clock* clock = nullptr;  // outlives the server
  VolumeFactory make_volume = nullptr;
  bool switch_identity = false;  // file operations as the session's user (started by root)
  share::EngineOptions engine;
  std::unique_ptr<PersistentStore> handles;  // null: no share gives persistent handles
};

class Server {
 public:
  explicit Server(ServerParts parts);
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  // Opens every share's volume. The error names the share and what to do.
  std::expected<void, std::string> open_shares();
  // A new configuration for connections and trees to come; sessions go on. On an error nothing has changed.
  std::expected<void, std::string> reload(std::shared_ptr<const Config> config);

  std::shared_ptr<const Config> config() const;
  std::shared_ptr<const ShareMap> shares() const;
  ShareRef find_share(std::string_view name) const;

  // Serves one accepted connection on the calling loop, until it ends. Tests call it with simulated sockets.
  runtime::Task<void> serve(runtime::Loop& loop, runtime::Socket socket);

  // Any thread: ends what is served. `drain`: after the requests in flight.
  void stop_connections(bool drain);

  share::ShardedEngine& engine() { return engine_; }
  const share::ShardedEngine& engine() const { return engine_; }
  share::Canary canary() const { return canary_; }
  DurableTable& durables() { return durables_; }
  // Null: no persistent handles.
  PersistentStore* handles() { return handles_.get(); }
  identity::UserSource& users() { return *users_; }
  identity::SidDirectory& sids() { return *sids_; }
  const identity::NtlmServerSettings& ntlm_settings() const { return ntlm_settings_; }
  const Clock& clock() const { return clock_; }
  Guid guid() const { return guid_; }
  const std::string& name() const { return name_; }
  WallTime started_at() const { return started_at_; }
  bool switch_identity() const { return switch_identity_; }
  ServerStats stats;
  TraceRing trace;

  Duration logon_failed(std::string_view account, std::string_view address, Instant now);
  void logon_succeeded(std::string_view account);

  SessionId new_session_id();
  std::uint64_t new_connection_id() { return ++last_connection_id_; }
  std::uint64_t new_persistent_file_id() { return ++last_persistent_file_id_; }

  // --- Connections and sessions known by id, for what crosses loops.
  void add_connection(const std::shared_ptr<Connection>& connection);
  void remove_connection(const Connection& connection);
  SessionRegistry& sessions() { return sessions_; }
  // Any live channel of the session; null when there is none.
  std::shared_ptr<Connection> connection_of_session(SessionId id) const;
  std::vector<std::shared_ptr<Connection>> connections() const;
  // What lease breaks go to: connections of dialect 2.1 and later that have had a session, the oldest first.
  void add_connection_of_client(const Guid& client, const Connection& connection);
  std::vector<std::shared_ptr<Connection>> connections_of_client(const Guid& client) const;

  // --- The share engine: what it is told, and what follows.
  ShareEffects& sharing() { return sharing_; }
  Tickets& tickets() { return sharing_.tickets(); }
  share::Effects apply(const share::Event& event) { return sharing_.apply(event); }

 private:
  std::expected<std::shared_ptr<const ShareMap>, std::string> build_shares(const Config& config) const;

  const Clock& clock_;
  std::unique_ptr<identity::UserSource> users_;
  std::unique_ptr<identity::SidDirectory> sids_;
  identity::NtlmServerSettings ntlm_settings_;
  VolumeFactory make_volume_;
  bool switch_identity_;
  std::string name_;
  Guid guid_;
  WallTime started_at_;
  share::ShardedEngine engine_;
  const share::Canary canary_;
  ShareEffects sharing_{*this};
  DurableTable durables_;
  std::unique_ptr<PersistentStore> handles_;
  guard::Limits limits_;
  SessionRegistry sessions_;
  std::atomic<std::uint64_t> last_connection_id_{0};
  std::atomic<std::uint64_t> last_persistent_file_id_;

  mutable Mutex mutex_;
  std::shared_ptr<const Config> config_ DOZO_GUARDED_BY(mutex_);
  std::shared_ptr<const ShareMap> shares_ DOZO_GUARDED_BY(mutex_);
  std::map<std::uint64_t, std::weak_ptr<Connection>> connections_ DOZO_GUARDED_BY(mutex_);
  std::set<std::pair<Guid, std::uint64_t>> clients_ DOZO_GUARDED_BY(mutex_);  // ClientGuid, connection
  identity::FailureDelay failures_ DOZO_GUARDED_BY(mutex_);
};

}  // namespace dozo::server
