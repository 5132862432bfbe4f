#include "client/logon.h"

#include "client/connection.h"

namespace dozo::client {
namespace {

identity::NtlmClientSettings settings_for(Connection& connection, std::string workstation) {
  const std::string& server = connection.options().server_name;
  return {.workstation = std::move(workstation),
          .target_name = server.empty() ? "" : "cifs/" + server,
          .channel_bindings = std::nullopt};
}

class NtlmLogon final : public Logon {
 public:
  NtlmLogon(identity::NtlmCredentials credentials, std::string workstation)
      : credentials_(std::move(credentials)), workstation_(std::move(workstation)) {}
  identity::SpnegoInitiator begin(Connection& connection) const override {
    return identity::SpnegoInitiator(
        identity::make_ntlm_initiator(credentials_, settings_for(connection, workstation_), connection.loop()));
  }

 private:
  identity::NtlmCredentials credentials_;
  std::string workstation_;
};

class AnonymousLogon final : public Logon {
 public:
  identity::SpnegoInitiator begin(Connection& connection) const override {
    return identity::SpnegoInitiator(
        identity::make_ntlm_anonymous_initiator(settings_for(connection, {}), connection.loop()));
  }
  bool is_anonymous() const override { return true; }
};

}  // namespace

std::shared_ptr<const Logon> ntlm_logon(identity::NtlmCredentials credentials, std::string workstation) {
  return std::make_shared<NtlmLogon>(std::move(credentials), std::move(workstation));
}

std::shared_ptr<const Logon> anonymous_logon() { return std::make_shared<AnonymousLogon>(); }

}  // namespace dozo::client
