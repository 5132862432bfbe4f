#include "server/server.h"

#include <arpa/inet.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>

#include "base/log.h"
#include "base/unicode.h"
#include "crypto/random.h"
#include "guard/audit.h"
#include "server/connection.h"

namespace dozo::server {
namespace {

std::uint64_t random_u64() {
  const auto bytes = crypto::random_bytes<8>();
  return load_le<std::uint64_t>(bytes.data());
}

// [MS-SMB2] 3.3.5.4 and the browsing protocols: upper case, at most 15 characters.
std::string server_name(const Config& config) {
  std::string name = config.server.name;
  if (name.empty()) {
    std::array<char, 256> host{};
    if (gethostname(host.data(), host.size() - 1) != 0) host[0] = '\0';
    name = host.data();
    name = name.substr(0, name.find('.'));
  }
  if (name.empty()) name = "DOZO";
  return utf16_to_utf8(upcase(utf8_to_utf16_lossy(name))).substr(0, 15);
}

identity::NtlmServerSettings ntlm_settings(const std::string& name) {
  identity::NtlmServerSettings settings;
  settings.netbios_name = name;
  settings.dns_name = name;
  for (char& c : settings.dns_name) c = static_cast<char>(c >= 'A' && c <= 'Z' ? c + 32 : c);
  return settings;
}

guard::LimitSettings limit_settings(const LimitsConfig& config) {
  guard::LimitSettings settings;
  settings.connections_max = 65536;
  settings.connections_per_address_max = config.connections_per_address_max;
  settings.preauth_max = 4096;
  settings.preauth_per_address_max = config.preauth_per_address_max;
  settings.preauth_time_max = std::chrono::milliseconds(config.pre_auth_timeout_ms);
  return settings;
}

guard::PeerAddress address_of(const std::string& peer) {
  std::string host = peer.substr(0, peer.rfind(':'));
  if (host.starts_with('[')) host = host.substr(1, host.size() - 2);
  std::array<std::uint8_t, 4> v4{};
  std::array<std::uint8_t, 16> v6{};
  if (inet_pton(AF_INET, host.c_str(), v4.data()) == 1) return guard::PeerAddress::from_v4(v4);
  if (inet_pton(AF_INET6, host.c_str(), v6.data()) == 1) return guard::PeerAddress::from_v6(v6);
  return {};
}

// Shares of one folder are one file system to the share engine.
std::uint64_t volume_id_of(const std::string& path) {
  struct stat status{};
  if (stat(path.c_str(), &status) != 0) return 0;
  return static_cast<std::uint64_t>(status.st_dev) + 1;
}

}  // namespace

Server::Server(ServerParts parts)
    : clock_(*parts.clock),
      users_(std::move(parts.users)),
      make_volume_(parts.make_volume),
      switch_identity_(parts.switch_identity),
      name_(server_name(*parts.config)),
      guid_(users_->snapshot()->machine().server_guid),
      started_at_(clock_.wall_now()),
      engine_(parts.engine),
      canary_(parts.engine.canary),
      durables_(parts.config->limits.preserved_opens_per_user_max),
      handles_(std::move(parts.handles)),
      limits_(limit_settings(parts.config->limits)),
      last_persistent_file_id_(random_u64() >> 16),
      config_(std::move(parts.config)),
      shares_(std::make_shared<ShareMap>()),
      failures_({.delay = std::chrono::milliseconds(config_->auth.failure_delay_ms)}) {
  sids_ = std::make_unique<identity::SidDirectory>(*users_, name_);
  ntlm_settings_ = server::ntlm_settings(name_);
}

Server::~Server() = default;

std::expected<std::shared_ptr<const ShareMap>, std::string> Server::build_shares(const Config& config) const {
  const std::shared_ptr<const ShareMap> old = shares();
  auto map = std::make_shared<ShareMap>();
  const auto ipc = std::make_shared<Share>();
  ipc->config.name = "IPC$";
  ipc->encryption_required = config.server.encryption == EncryptionPolicy::required;
  map->emplace(u"IPC$", ipc);
  for (const ShareConfig& wanted : config.shares) {
    const std::u16string key = fold_name(wanted.name);
    const bool encrypted = config.encryption_required(wanted);
    const auto before = old->find(key);
    if (before != old->end() && before->second->config == wanted && before->second->encryption_required == encrypted) {
      map->emplace(key, before->second);
      continue;
    }
    const auto share = std::make_shared<Share>();
    share->config = wanted;
    share->encryption_required = encrypted;
    share->volume_id = volume_id_of(wanted.path);
    std::string error;
    share->volume = make_volume_(wanted, error);
    if (!share->volume) return std::unexpected(fmt::format("share \"{}\": {}", wanted.name, error));
    map->emplace(key, share);
  }
  return map;
}

std::expected<void, std::string> Server::open_shares() {
  auto built = build_shares(*config());
  if (!built) return std::unexpected(built.error());
  const MutexLock lock(mutex_);
  shares_ = std::move(*built);
  return {};
}

std::expected<void, std::string> Server::reload(std::shared_ptr<const Config> config) {
  auto built = build_shares(*config);
  if (!built) return std::unexpected(built.error());
  const MutexLock lock(mutex_);
  shares_ = std::move(*built);
  config_ = std::move(config);
  return {};
}

std::shared_ptr<const Config> Server::config() const {
  const MutexLock lock(mutex_);
  return config_;
}

std::shared_ptr<const ShareMap> Server::shares() const {
  const MutexLock lock(mutex_);
  return shares_;
}

ShareRef Server::find_share(std::string_view name) const {
  const std::shared_ptr<const ShareMap> map = shares();
  const auto found = map->find(fold_name(name));
  return found == map->end() ? nullptr : found->second;
}

runtime::Task<void> Server::serve(runtime::Loop& loop, runtime::Socket socket) {
  const std::string peer = socket.peer_address();
  auto admission = limits_.admit(address_of(peer), loop.now());
  if (!admission) {
    guard::emit({.event = guard::AuditEvent::connection_refused,
                 .address = peer,
                 .reason = std::string(guard::to_string(admission.error()))});
    co_return;
  }
  stats.connections_accepted.fetch_add(1, std::memory_order_relaxed);
  stats.connections_now.fetch_add(1, std::memory_order_relaxed);
  const auto connection = std::make_shared<Connection>(*this, loop, std::move(socket), std::move(*admission));
  co_await connection->run();
  stats.connections_now.fetch_sub(1, std::memory_order_relaxed);
}

void Server::stop_connections(bool drain) {
  for (const std::shared_ptr<Connection>& connection : connections()) {
    connection->loop().post([connection, drain] {
      if (drain) {
        connection->drain();
      } else {
        connection->disconnect("the server stops");
      }
    });
  }
}

Duration Server::logon_failed(std::string_view account, std::string_view address, Instant now) {
  const MutexLock lock(mutex_);
  return failures_.on_failure(account, address, now);
}

void Server::logon_succeeded(std::string_view account) {
  const MutexLock lock(mutex_);
  failures_.on_success(account);
}

SessionId Server::new_session_id() {
  // Not counted up, so that none is met again after a restart. 32 bits of the 64: some clients keep no more.
  while (true) {
    const SessionId id(random_u64() >> 32);
    if (id.value() != 0 && !sessions_.contains(id)) return id;
  }
}

void Server::add_connection(const std::shared_ptr<Connection>& connection) {
  const MutexLock lock(mutex_);
  connections_.emplace(connection->id, connection);
}

void Server::remove_connection(const Connection& connection) {
  const MutexLock lock(mutex_);
  connections_.erase(connection.id);
  if (connection.negotiated) clients_.erase({connection.negotiated->client_guid, connection.id});
}

void Server::add_connection_of_client(const Guid& client, const Connection& connection) {
  const MutexLock lock(mutex_);
  clients_.emplace(client, connection.id);
}

std::vector<std::shared_ptr<Connection>> Server::connections_of_client(const Guid& client) const {
  std::vector<std::shared_ptr<Connection>> out;
  const MutexLock lock(mutex_);
  for (auto it = clients_.lower_bound({client, 0}); it != clients_.end() && it->first == client; ++it) {
    const auto found = connections_.find(it->second);
    if (found == connections_.end()) continue;
    if (auto connection = found->second.lock()) out.push_back(std::move(connection));
  }
  return out;
}

std::shared_ptr<Connection> Server::connection_of_session(SessionId id) const {
  const SessionRegistry::Connections channels = sessions_.channels(id);
  return channels.empty() ? nullptr : channels.front();
}

std::vector<std::shared_ptr<Connection>> Server::connections() const {
  std::vector<std::shared_ptr<Connection>> out;
  const MutexLock lock(mutex_);
  for (const auto& [id, weak] : connections_) {
    if (auto connection = weak.lock()) out.push_back(std::move(connection));
  }
  return out;
}

}  // namespace dozo::server
