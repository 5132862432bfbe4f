#include "server/pipe_host.h"

#include <algorithm>

#include "base/unicode.h"
#include "crypto/random.h"
#include "guard/share_policy.h"
#include "server/connection.h"
#include "server/server.h"
#include "server/session.h"

namespace dozo::server {
namespace {

constexpr std::size_t kOpensListedMax = 10'000;

// The names of the groups of a user, as share policies list them.
std::vector<std::string> group_names(identity::UserSource& users, const identity::AccessToken& token) {
  std::vector<std::string> names;
  const auto snapshot = users.snapshot();
  for (const identity::Group* group : snapshot->groups_of(token.user_name)) names.push_back(group->name);
  return names;
}

bool may_connect(const Share& share, const identity::AccessToken& token, std::span<const std::string> groups,
                 bool peer_can_encrypt) {
  if (share.is_ipc()) return true;
  if (token.is_anonymous) return false;
  const guard::SharePolicy policy{.allow = share.config.allow,
                                  .deny = {},
                                  .read_only = share.config.read_only,
                                  .write_allow = {},
                                  .encryption_required = share.encryption_required};
  return guard::permit_connect(policy, {token.user_name, groups, peer_can_encrypt}).has_value();
}

rpc::ShareInfo info_of(const Share& share, bool for_admin) {
  rpc::ShareInfo out;
  out.name = share.config.name;
  out.comment = share.config.comment;
  out.kind = share.is_ipc() ? rpc::ShareKind::ipc : rpc::ShareKind::disk;
  out.special = share.is_ipc();
  // Where the folder lies on the server is no business of its users.
  if (for_admin) out.path = share.config.path;
  out.current_uses = share.trees.load(std::memory_order_relaxed);
  if (share.encryption_required) out.flags |= rpc::ShareInfoFlag::encrypt_data;
  return out;
}

rpc::Account account_of(const identity::SidName& name) {
  return {name.sid, static_cast<rpc::SidKind>(name.use), name.domain, name.name};
}

std::string address_of(Server& server, const Session& session) {
  const auto connection = server.connection_of_session(session.id);
  return connection ? connection->peer_address() : std::string();
}

std::chrono::seconds seconds_between(Instant from, Instant to) {
  return std::chrono::duration_cast<std::chrono::seconds>(std::max(to - from, Duration::zero()));
}

}  // namespace

rpc::Caller PipeHost::caller() const {
  const identity::AccessToken& token = *session_.valid().token;
  return {token.user_name, token.domain, token.is_admin, token.is_anonymous};
}

rpc::ServerInfo PipeHost::server() const {
  rpc::ServerInfo out;
  out.netbios_name = server_.name();
  out.workgroup = "WORKGROUP";
  out.machine_sid = server_.sids().machine_sid();
  const std::uint32_t idle_ms = server_.config()->limits.idle_timeout_ms;
  if (idle_ms != 0) out.idle_disconnect_minutes = static_cast<std::int32_t>(std::max(1u, idle_ms / 60'000));
  return out;
}

std::vector<rpc::ShareInfo> PipeHost::shares() const {
  const identity::AccessToken& token = *session_.valid().token;
  const std::vector<std::string> groups = group_names(server_.users(), token);
  const bool can_encrypt = session_.terms().cipher.has_value();
  std::vector<rpc::ShareInfo> out;
  for (const auto& [name, share] : *server_.shares()) {
    if (may_connect(*share, token, groups, can_encrypt)) out.push_back(info_of(*share, token.is_admin));
  }
  return out;
}

std::optional<rpc::ShareInfo> PipeHost::share(std::string_view name) const {
  const identity::AccessToken& token = *session_.valid().token;
  const ShareRef found = server_.find_share(name);
  const std::vector<std::string> groups = group_names(server_.users(), token);
  if (!found || !may_connect(*found, token, groups, session_.terms().cipher.has_value())) return std::nullopt;
  return info_of(*found, token.is_admin);
}

std::vector<rpc::SessionInfo> PipeHost::sessions() const {
  const Instant now = server_.clock().now();
  std::vector<rpc::SessionInfo> out;
  for (const std::shared_ptr<Session>& session : server_.sessions().all()) {
    rpc::SessionInfo info;
    info.client = address_of(server_, *session);
    info.user = session->terms().user_name;
    info.open_files = static_cast<std::uint32_t>(session->valid().opens.size());
    info.connected = seconds_between(session->created_at, now);
    info.idle = seconds_between(session->last_used.load(std::memory_order_relaxed), now);
    out.push_back(std::move(info));
  }
  return out;
}

std::vector<rpc::ConnectionInfo> PipeHost::connections() const {
  const Instant now = server_.clock().now();
  std::vector<rpc::ConnectionInfo> out;
  for (const auto& [id, tree] : session_.valid().trees) {
    rpc::ConnectionInfo info;
    info.id = id.value();
    info.share = tree->share->config.name;
    info.kind = tree->share->is_ipc() ? rpc::ShareKind::ipc : rpc::ShareKind::disk;
    info.open_files = static_cast<std::uint32_t>(
        std::ranges::count_if(session_.valid().opens.all(), [&](const OpenRef& open) { return open->tree == tree; }));
    info.connected = seconds_between(tree->connected_at, now);
    info.user = session_.valid().token->user_name;
    info.client = address_of(server_, session_);
    out.push_back(std::move(info));
  }
  return out;
}

std::vector<rpc::OpenFileInfo> PipeHost::open_files() const {
  std::vector<rpc::OpenFileInfo> out;
  for (const share::OpenInfo& open : server_.engine().list_opens(kOpensListedMax)) {
    rpc::OpenFileInfo info;
    info.id = static_cast<std::uint32_t>(open.open.value());
    info.reads = open.granted_access.has_any(Access::read_data | Access::execute);
    info.writes = open.granted_access.has_any(Access::write_data | Access::append_data);
    info.locks = static_cast<std::uint32_t>(open.lock_count);
    info.path = utf16_to_utf8(open.path);
    out.push_back(std::move(info));
  }
  return out;
}

std::vector<std::optional<rpc::Account>> PipeHost::accounts_of_names(std::span<const rpc::AccountName> names) {
  std::vector<std::optional<rpc::Account>> out;
  out.reserve(names.size());
  for (const rpc::AccountName& name : names) {
    const std::string full = name.domain.empty() ? name.name : name.domain + '\\' + name.name;
    const auto found = server_.sids().find_name(full);
    out.push_back(found ? std::optional(account_of(*found)) : std::nullopt);
  }
  return out;
}

std::vector<std::optional<rpc::Account>> PipeHost::accounts_of_sids(std::span<const Sid> sids) {
  std::vector<std::optional<rpc::Account>> out;
  out.reserve(sids.size());
  for (const Sid& sid : sids) {
    const auto found = server_.sids().find_sid(sid);
    out.push_back(found ? std::optional(account_of(*found)) : std::nullopt);
  }
  return out;
}

WallTime PipeHost::wall_now() const { return server_.clock().wall_now(); }

Duration PipeHost::uptime() const { return std::max(wall_now() - server_.started_at(), Duration::zero()); }

std::int32_t PipeHost::minutes_west_of_utc() const { return 0; }

Guid PipeHost::random_guid() { return {crypto::random_bytes<16>()}; }

}  // namespace dozo::server
