// PipeHost: what the RPC services learn of the server, through one session.
#pragma once

#include "rpc/host.h"

namespace dozo::server {

class Server;
class Session;

// A value for the length of one call into rpc::Pipe; refers to the server and to a valid session. The session's loop.
class PipeHost final : public rpc::Host {
 public:
  PipeHost(Server& server, Session& session) : server_(server), session_(session) {}

  rpc::Caller caller() const override;
  rpc::ServerInfo server() const override;
  std::vector<rpc::ShareInfo> shares() const override;
  std::optional<rpc::ShareInfo> share(std::string_view name) const override;
  std::vector<rpc::SessionInfo> sessions() const override;
  std::vector<rpc::ConnectionInfo> connections() const override;
  std::vector<rpc::OpenFileInfo> open_files() const override;
  std::vector<std::optional<rpc::Account>> accounts_of_names(std::span<const rpc::AccountName> names) override;
  std::vector<std::optional<rpc::Account>> accounts_of_sids(std::span<const Sid> sids) override;
  WallTime wall_now() const override;
  Duration uptime() const override;
  std::int32_t minutes_west_of_utc() const override;
  Guid random_guid() override;

 private:
  Server& server_;
  Session& session_;
};

}  // namespace dozo::server
