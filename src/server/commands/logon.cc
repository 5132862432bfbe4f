#include "server/commands/logon.h"

#include <pwd.h>
#include <unistd.h>

#include <algorithm>
#include <array>

#include "guard/audit.h"
#include "server/server.h"

namespace dozo::server {
namespace {

using guard::AuditEvent;

// What one connection may have: a Windows client uses a handful, a terminal server one per user.
constexpr std::size_t kSessionsMax = 4096;
// Logons in progress: each costs an acceptor.
constexpr std::size_t kLogonsMax = 64;

AuditEvent event_of(identity::Refusal refusal) {
  switch (refusal) {
    case identity::Refusal::none:
      return AuditEvent::logon_succeeded;
    case identity::Refusal::anonymous:
      return AuditEvent::anonymous_logon_refused;
    case identity::Refusal::guest:
      return AuditEvent::guest_logon_refused;
    case identity::Refusal::no_common_mechanism:
      return AuditEvent::ntlm_refused;
    default:
      return AuditEvent::logon_refused;
  }
}

// The account this process runs as: for users who have no system account, until a share's run_as says better.
std::string own_account() {
  std::array<char, 4096> buffer{};
  passwd entry{};
  passwd* found = nullptr;
  if (getpwuid_r(geteuid(), &entry, buffer.data(), buffer.size(), &found) != 0 || found == nullptr) return {};
  return found->pw_name;
}

}  // namespace

Result<std::shared_ptr<const identity::AccessToken>> find_token(Server& server, const std::string& account) {
  const std::shared_ptr<const identity::UserSnapshot> users = server.users().snapshot();
  const identity::User* user = users->find_user(account);
  if (user == nullptr) return fail(NtStatus::LOGON_FAILURE);
  const identity::TokenOptions options{.domain = server.name(), .run_as = own_account()};
  return identity::build_access_token(*users, *user, options);
}

bool may_log_on(const Connection& connection) {
  const auto in_progress = std::count_if(connection.channels.begin(), connection.channels.end(),
                                         [](const auto& entry) { return entry.second->logon.has_value(); });
  return connection.channels.size() < kSessionsMax && static_cast<std::size_t>(in_progress) < kLogonsMax;
}

Logon begin_logon(Connection& connection) {
  Server& server = connection.server();
  std::vector<std::unique_ptr<identity::Mechanism>> mechanisms;
  // auth.ntlm = "off" leaves no mechanism until Kerberos is there: start refuses such a configuration.
  const auto anonymous = server.config()->auth.anonymous == AnonymousPolicy::ipc ? identity::AnonymousLogons::accept
                                                                                 : identity::AnonymousLogons::refuse;
  mechanisms.push_back(identity::make_ntlm_acceptor(server.ntlm_settings(), server.users(), server.clock(), anonymous));
  return {identity::SpnegoAcceptor(std::move(mechanisms)), connection.negotiated->preauth};
}

runtime::Task<LogonOutcome> finish_logon(Connection& connection, std::shared_ptr<Channel> channel, NtStatus status) {
  const Logon& logon = *channel->logon;
  LogonOutcome outcome{.status = status, .report = logon.acceptor.report(), .token = nullptr};
  if (status != NtStatus::SUCCESS) co_return outcome;
  if (outcome.report.anonymous) {
    outcome.token = identity::anonymous_token();
    co_return outcome;
  }
  Server& server = connection.server();
  const std::string account = logon.acceptor.account();
  const auto find = [&server, account] { return find_token(server, account); };
  auto token = co_await runtime::offload(connection.loop(), find);
  if (!token) {
    outcome.status = NtStatus::LOGON_FAILURE;
    outcome.report.refusal = identity::Refusal::no_system_account;
  } else if (channel->is_open() && (*token)->user != channel->session->terms().user) {
    // [MS-SMB2] 3.3.5.5.2: the session stays its user's. Nobody's above all: its keys are known to all.
    outcome.status = NtStatus::ACCESS_DENIED;
    outcome.report.refusal = identity::Refusal::unknown_user;
  } else {
    outcome.token = *token;
  }
  co_return outcome;
}

SessionTerms settle_terms(const Connection& connection, const Logon& logon, const identity::AccessToken& token,
                          bool client_requires_signing) {
  const Negotiated& n = *connection.negotiated;
  const std::shared_ptr<const Config> config = connection.server().config();
  SessionTerms terms;
  terms.user = token.user;
  terms.user_name = token.user_name;
  terms.dialect = n.dialect;
  terms.client_guid = n.client_guid;
  terms.is_anonymous = token.is_anonymous;
  // [MS-SMB2] 3.3.5.5.3: no encryption keys for nobody.
  if (!terms.is_anonymous) terms.cipher = n.cipher;
  terms.signing_algorithm = n.signing_algorithm;
  terms.keys = crypto::derive_session_keys({.dialect = n.dialect,
                                            .cipher = terms.cipher,
                                            .mechanism_key = logon.acceptor.session_key().bytes(),
                                            .preauth_hash = logon.preauth.bytes()},
                                           crypto::Side::server);
  // [MS-SMB2] 3.3.5.5.3: what nobody sends needs a signature only if the client will have it so.
  const bool server_requires_signing = config->server.signing == SigningPolicy::required && !terms.is_anonymous;
  terms.signing_required = client_requires_signing || server_requires_signing;
  terms.encrypt_data = config->server.encryption == EncryptionPolicy::required;
  return terms;
}

void audit_logon(const Connection& connection, const identity::LogonReport& report, SessionId session,
                 NtStatus status) {
  guard::AuditRecord record{.event = event_of(report.refusal),
                            .address = connection.peer_address(),
                            .user = report.user,
                            .domain = report.domain,
                            .workstation = report.workstation,
                            .mechanism = std::string(report.mechanism),
                            .session = session};
  if (status != NtStatus::SUCCESS) {
    if (record.event == AuditEvent::logon_succeeded) record.event = AuditEvent::logon_refused;
    record.reason = std::string(identity::to_string(report.refusal));
    record.status = status;
  } else {
    if (report.anonymous) record.event = AuditEvent::anonymous_logon_accepted;
    record.dialect = connection.negotiated->dialect;
  }
  guard::emit(record);
}

}  // namespace dozo::server
