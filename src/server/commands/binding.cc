#include "server/commands/binding.h"

#include "guard/audit.h"
#include "server/commands/logon.h"
#include "server/connection.h"
#include "server/server.h"
#include "wire/session_setup.h"

namespace dozo::server {
namespace {

// [MS-SMB2] 3.3.5.5, in the order in which Windows and Samba refuse (smbtorture smb2.session.bind_negative_*): what the
// two connections negotiated must agree. A GMAC session and another one never mix, whatever else is different.
Result<> check_terms(const Negotiated& connection, const SessionTerms& session) {
  using crypto::SigningAlgorithm;
  const bool same_signing = connection.signing_algorithm == session.signing_algorithm;
  if (!same_signing && session.signing_algorithm == SigningAlgorithm::aes_gmac) {
    return fail(NtStatus::REQUEST_OUT_OF_SEQUENCE);
  }
  if (!same_signing && connection.signing_algorithm == SigningAlgorithm::aes_gmac) {
    return fail(NtStatus::NOT_SUPPORTED);
  }
  if (!is_smb3(connection.dialect)) return fail(NtStatus::REQUEST_NOT_ACCEPTED);
  if (connection.dialect != session.dialect) return fail(NtStatus::INVALID_PARAMETER);
  if (connection.cipher != session.cipher) return fail(NtStatus::INVALID_PARAMETER);
  return {};
}

// [MS-SMB2] 3.3.5.2.4: with Session.SigningKey, or with the channel's where the connection is one already.
Result<> check_signature(Request& request, const Channel* existing) {
  // [MS-SMB2] 3.3.5.5: unsigned.
  if (!request.header.flags.has(wire::HeaderFlag::is_signed)) return fail(NtStatus::INVALID_PARAMETER);
  const bool is_channel = existing != nullptr && existing->is_open();
  const bool is_right = is_channel ? existing->signer()->verify(request.message) : request.session_signer != nullptr;
  if (!is_right) {
    guard::emit({.event = guard::AuditEvent::bad_signature,
                 .address = request.connection.peer_address(),
                 .reason = "SESSION_SETUP that binds",
                 .session = request.session_id});
    return fail(NtStatus::ACCESS_DENIED);
  }
  request.signed_by_client = true;
  // [MS-SMB2] 3.3.5.5: in Connection.SessionTable already.
  return is_channel ? Result<>(fail(NtStatus::REQUEST_NOT_ACCEPTED)) : Result<>();
}

std::size_t channels_max(const Server& server) { return server.config()->limits.channels_per_session_max; }

}  // namespace

bool is_binding(const Request& request) {
  constexpr std::size_t kFlagsAt = wire::kHeaderSize + 2;  // [MS-SMB2] 2.2.5
  return request.header.command == wire::Command::session_setup && request.session_id.value() != 0 &&
         request.message.size() > kFlagsAt && (request.message[kFlagsAt] & wire::kSessionBinding) != 0;
}

bool is_signed_by_session(Request& request, const Session& session) {
  if (!request.header.flags.has(wire::HeaderFlag::is_signed)) return false;
  const SessionTerms& terms = session.terms();
  auto signer = std::make_shared<crypto::Signer>(terms.signing_algorithm, terms.keys.signing.bytes());
  if (!signer->verify(request.message)) return false;
  request.session_signer = std::move(signer);
  return true;
}

Result<std::shared_ptr<Channel>> begin_binding(Request& request) {
  Connection& connection = request.connection;
  const std::shared_ptr<Session> session = request.server.sessions().find(request.session_id);
  if (!session || session->has_ended()) return fail(NtStatus::USER_SESSION_DELETED);
  if (!session->is_valid()) return fail(NtStatus::REQUEST_NOT_ACCEPTED);
  const SessionTerms& terms = session->terms();
  static_cast<void>(is_signed_by_session(request, *session));
  if (!request.server.config()->server.multichannel) return fail(NtStatus::REQUEST_NOT_ACCEPTED);
  // [MS-SMB2] 3.3.5.5.
  if (terms.is_anonymous) return fail(NtStatus::NOT_SUPPORTED);
  DOZO_CHECK(check_terms(*connection.negotiated, terms));
  // [MS-SMB2] 3.3.5.5: MAY. The client's leases and durable opens are found by its GUID.
  if (connection.negotiated->client_guid != terms.client_guid) return fail(NtStatus::USER_SESSION_DELETED);
  std::shared_ptr<Channel> channel = connection.find_channel(session->id);
  DOZO_CHECK(check_signature(request, channel.get()));

  if (channel) return channel;
  if (request.server.sessions().channel_count(session->id) >= channels_max(request.server) || !may_log_on(connection)) {
    return fail(NtStatus::INSUFFICIENT_RESOURCES);
  }
  channel = std::make_shared<Channel>(session, begin_logon(connection));
  connection.channels.emplace(session->id, channel);
  return channel;
}

Result<> finish_binding(Request& request, Channel& channel, const Sid& user) {
  Connection& connection = request.connection;
  const SessionTerms& terms = channel.session->terms();
  // [MS-SMB2] 3.3.5.5 says STATUS_NOT_SUPPORTED; Windows answers like this (smb2.session.bind_different_user).
  if (user != terms.user) return fail(NtStatus::ACCESS_DENIED);
  // The connection may have ended during the dialogue: then it is nobody's channel.
  if (connection.find_channel(channel.session->id).get() != &channel) return fail(NtStatus::USER_SESSION_DELETED);
  const Logon& logon = *channel.logon;
  const crypto::SessionKey key = crypto::derive_signing_key(
      connection.negotiated->dialect, logon.acceptor.session_key().bytes(), logon.preauth.bytes());
  DOZO_CHECK(request.server.sessions().add_channel(channel.session->id, connection.shared_from_this(),
                                                   channels_max(request.server)));
  channel.open(connection.negotiated->signing_algorithm, key);
  channel.logon.reset();
  connection.channel_opened();
  return {};
}

}  // namespace dozo::server
