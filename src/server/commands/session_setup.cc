// SESSION_SETUP and LOGOFF. [MS-SMB2] 3.3.5.5, 3.3.5.6.
#include "wire/session_setup.h"

#include "guard/audit.h"
#include "identity/ntlm_acceptor.h"
#include "server/commands/commands.h"
#include "server/commands/logon.h"
#include "server/connection.h"
#include "server/server.h"
#include "wire/logoff.h"

namespace dozo::server {
namespace {

// What one connection may have: a Windows client uses a handful, a terminal server one per user.
constexpr std::size_t kSessionsMax = 4096;
// Logons in progress: each costs an acceptor.
constexpr std::size_t kLogonsMax = 64;

bool encryption_is_impossible(const Connection& connection, const Config& config) {
  return config.server.encryption == EncryptionPolicy::required && !connection.negotiated->cipher;
}

Result<std::shared_ptr<Session>> new_session(Request& request) {
  Connection& connection = request.connection;
  const auto in_progress = std::count_if(connection.sessions.begin(), connection.sessions.end(),
                                         [](const auto& entry) { return entry.second->is_establishing(); });
  if (connection.sessions.size() >= kSessionsMax || static_cast<std::size_t>(in_progress) >= kLogonsMax) {
    return fail(NtStatus::INSUFFICIENT_RESOURCES);
  }
  auto session =
      std::make_shared<Session>(request.server.new_session_id(), connection, request.received_at);
  session->begin_logon(begin_logon(connection));
  connection.sessions.emplace(session->id, session);
  return session;
}

// The session the request is for: a new one, one being set up, or a valid one that authenticates again.
Result<std::shared_ptr<Session>> session_of(Request& request, const wire::SessionSetupRequest& in) {
  if (request.session_id.value() == 0) return new_session(request);
  // [MS-SMB2] 3.3.5.5: not multichannel capable.
  if ((in.flags & wire::kSessionBinding) != 0) return fail(NtStatus::REQUEST_NOT_ACCEPTED);
  std::shared_ptr<Session> session = request.connection.find_session(request.session_id);
  if (!session) return fail(NtStatus::USER_SESSION_DELETED);
  // A new dialogue over a valid session. [MS-SMB2] 3.3.5.5.2.
  if (session->is_valid() && !session->valid().reauthentication) {
    session->valid().reauthentication.emplace(begin_logon(request.connection));
  }
  return session;
}

Reply answer(NtStatus status, Bytes token, wire::SessionFlags flags) {
  Reply reply = Reply::of(wire::SessionSetupResponse{.session_flags = flags, .security_buffer = token}, status);
  return reply;
}

wire::SessionFlags flags_of(const ValidSession& valid) {
  wire::SessionFlags flags;
  if (valid.encrypt_data) flags |= wire::SessionFlag::encrypt_data;
  return flags;
}

// [MS-SMB2] 3.3.5.5.3: a session of the same user that the client says it had before gives way.
runtime::Task<void> take_over(Request& request, const std::shared_ptr<Session>& session, SessionId previous) {
  if (previous.value() == 0 || previous == session->id) co_return;
  const std::shared_ptr<Connection> owner = request.server.connection_of_session(previous);
  if (!owner) co_return;
  const std::string user = session->valid().token->user_name;
  if (owner.get() == &request.connection) {
    co_await end_session_of_user(owner, previous, user);
    co_return;
  }
  owner->loop().post([owner, previous, user] {
    if (!owner->gate.closed()) runtime::spawn(owner->gate, end_session_of_user(owner, previous, user));
  });
}

runtime::Task<Result<Reply>> refuse(Request& request, std::shared_ptr<Session> session, LogonOutcome outcome) {
  Connection& connection = request.connection;
  request.server.stats.logons_refused.fetch_add(1, std::memory_order_relaxed);
  audit_logon(connection, outcome.report, session->id, outcome.status);
  co_await connection.end_session(session, "the logon was refused");
  const Duration delay =
      request.server.logon_failed(outcome.report.user, connection.peer_address(), request.received_at);
  if (delay > Duration::zero()) co_await runtime::sleep_for(connection.loop(), delay);
  co_return fail(outcome.status);
}

runtime::Task<Result<Reply>> accept(Request& request, std::shared_ptr<Session> session,
                                    wire::SessionSetupRequest in, ByteVector token, LogonOutcome outcome) {
  Connection& connection = request.connection;
  audit_logon(connection, outcome.report, session->id, NtStatus::SUCCESS);
  request.server.logon_succeeded(outcome.report.user);
  const bool again = session->is_valid();
  if (again) {
    // [MS-SMB2] 3.3.5.5.2: keys and opens stay as they are.
    session->valid().token = outcome.token;
    session->valid().reauthentication.reset();
  } else {
    const bool client_requires_signing = in.security_mode.has(wire::SecurityModeByte::signing_required);
    session->become_valid(make_valid(connection, session->logon(), outcome.token, client_requires_signing));
    connection.session_became_valid(session);
    co_await take_over(request, session, in.previous_session_id);
  }
  Reply reply = answer(NtStatus::SUCCESS, token, flags_of(session->valid()));
  // [MS-SMB2] 3.3.5.5.3: the last answer of a logon is signed with the session's new key.
  reply.must_sign = !again || session->valid().signing_required;
  co_return reply;
}

}  // namespace

runtime::Task<Result<Reply>> handle_session_setup(Request& request) {
  DOZO_CO_TRY(const auto in, request.decode<wire::SessionSetupRequest>());
  const std::shared_ptr<const Config> config = request.server.config();
  if (encryption_is_impossible(request.connection, *config)) co_return fail(NtStatus::ACCESS_DENIED);
  DOZO_CO_TRY(const std::shared_ptr<Session> session, session_of(request, in));
  request.session_id = session->id;

  Logon& logon = session->is_valid() ? *session->valid().reauthentication : session->logon();
  logon.preauth.update(request.message);
  Result<identity::LogonStep> step = logon.acceptor.step(in.security_buffer);
  if (step && !step->done) {
    Reply reply = answer(NtStatus::MORE_PROCESSING_REQUIRED, step->token, {});
    if (!session->is_valid()) reply.hash_into = Reply::HashInto::session;
    co_return reply;
  }
  LogonOutcome outcome = co_await finish_logon(request.connection, session, step ? NtStatus::SUCCESS : step.error());
  if (session->has_ended()) co_return fail(NtStatus::USER_SESSION_DELETED);
  if (outcome.status != NtStatus::SUCCESS) co_return co_await refuse(request, session, std::move(outcome));
  co_return co_await accept(request, session, in, std::move(step->token), std::move(outcome));
}

runtime::Task<Result<Reply>> handle_logoff(Request& request) {
  DOZO_CO_CHECK(request.decode<wire::LogoffRequest>());
  guard::emit({.event = guard::AuditEvent::logoff,
               .address = request.connection.peer_address(),
               .user = request.session->valid().token->user_name,
               .session = request.session->id});
  co_await request.connection.end_session(request.session, "LOGOFF");
  co_return Reply::of(wire::LogoffResponse{});
}

}  // namespace dozo::server
