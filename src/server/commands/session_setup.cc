// SESSION_SETUP and LOGOFF. [MS-SMB2] 3.3.5.5, 3.3.5.6.
#include "wire/session_setup.h"

#include "guard/audit.h"
#include "server/commands/binding.h"
#include "server/commands/commands.h"
#include "server/commands/logon.h"
#include "server/connection.h"
#include "server/server.h"
#include "wire/logoff.h"

namespace dozo::server {
namespace {

bool encryption_is_impossible(const Connection& connection, const Config& config) {
  return config.server.encryption == EncryptionPolicy::required && !connection.negotiated->cipher;
}

Result<std::shared_ptr<Channel>> begin_session(Request& request) {
  Connection& connection = request.connection;
  if (!may_log_on(connection)) return fail(NtStatus::INSUFFICIENT_RESOURCES);
  auto session = std::make_shared<Session>(request.server.new_session_id(), connection.loop(), request.received_at);
  request.server.sessions().add(session);
  auto channel = std::make_shared<Channel>(session, begin_logon(connection));
  connection.channels.emplace(session->id, channel);
  return channel;
}

// The dialogue the request goes on with: of a new session, of one being set up or bound, or over an open channel.
Result<std::shared_ptr<Channel>> channel_of(Request& request) {
  if (request.session_id.value() == 0) return begin_session(request);
  if (is_binding(request)) return begin_binding(request);
  std::shared_ptr<Channel> channel = request.connection.find_channel(request.session_id);
  if (!channel) return fail(NtStatus::USER_SESSION_DELETED);
  // A binding goes on as one: [MS-SMB2] 3.3.5.5 finds no session of this connection otherwise.
  if (!channel->is_open() && channel->session->is_valid()) return fail(NtStatus::USER_SESSION_DELETED);
  // [MS-SMB2] 3.3.5.5.2: a new dialogue over a valid session.
  if (channel->is_open() && !channel->logon) channel->logon.emplace(begin_logon(request.connection));
  return channel;
}

Reply answer(NtStatus status, Bytes token, wire::SessionFlags flags) {
  return Reply::of(wire::SessionSetupResponse{.session_flags = flags, .security_buffer = token}, status);
}

// [MS-SMB2] 3.3.5.5.3: a session of the same user that the client says it had before gives way.
runtime::Task<void> take_over(Request& request, const Session& session, SessionId previous) {
  if (previous.value() == 0 || previous == session.id) co_return;
  // Nobody is not the same one as nobody: else anybody could end other people's sessions.
  if (session.terms().is_anonymous) co_return;
  const std::shared_ptr<Session> old = request.server.sessions().find(previous);
  if (!old || !old->is_valid() || old->terms().user != session.terms().user) co_return;
  co_await end_session(request.server, old, "its client has set up a new one in its place");
}

// The answer to a refused logon is held back, until its time has come or nobody waits for it.
runtime::Task<void> hold_back(Request& request, Duration delay) {
  runtime::OneShot<bool> over;
  runtime::Timer timer;
  timer.arm(
      request.connection.loop(), request.connection.loop().now() + delay,
      [](void* p) { static_cast<runtime::OneShot<bool>*>(p)->set(true); }, &over);
  if (request.connection.is_ending()) co_return;
  request.begin_hold([&over] { over.set(false); });
  static_cast<void>(co_await over);
  request.end_wait();
}

// What it was to be a channel of stays as it is, unless it was this session's own: [MS-SMB2] 3.3.5.5.3 ends that one,
// a binding touches it not.
runtime::Task<Result<Reply>> refuse(Request& request, std::shared_ptr<Channel> channel, LogonOutcome outcome) {
  Connection& connection = request.connection;
  const std::shared_ptr<Session> session = channel->session;
  request.server.stats.logons_refused.fetch_add(1, std::memory_order_relaxed);
  audit_logon(connection, outcome.report, session->id, outcome.status);
  const bool was_binding = !channel->is_open() && session->is_valid();
  if (connection.find_channel(session->id) == channel && !channel->is_open()) connection.channels.erase(session->id);
  if (!was_binding) co_await end_session(request.server, session, "the logon was refused");
  const Duration delay =
      request.server.logon_failed(outcome.report.user, connection.peer_address(), request.received_at);
  if (delay > Duration::zero()) co_await hold_back(request, delay);
  co_return fail(outcome.status);
}

// [MS-SMB2] 3.3.5.5.2: keys and opens stay as they are. So do its trees, and what is asked of opens that are there:
// access was granted to them when they were made. Whoever has become nobody gets no new ones (check_not_anonymous).
runtime::Task<void> renew(Request& request, std::shared_ptr<Channel> channel, LogonOutcome outcome) {
  channel->logon.reset();
  Session& session = *channel->session;
  co_await runtime::resume_on(session.home());
  session.valid().token = std::move(outcome.token);
  co_await runtime::resume_on(request.connection.loop());
}

runtime::Task<void> establish(Request& request, std::shared_ptr<Channel> channel, wire::SessionSetupRequest in,
                              LogonOutcome outcome) {
  Connection& connection = request.connection;
  Session& session = *channel->session;
  const bool client_requires_signing = in.security_mode.has(wire::SecurityModeByte::signing_required);
  session.become_valid(settle_terms(connection, *channel->logon, *outcome.token, client_requires_signing)).token =
      outcome.token;
  channel->logon.reset();
  channel->open(session.terms().signing_algorithm, session.terms().keys.signing);
  static_cast<void>(request.server.sessions().add_channel(session.id, connection.shared_from_this(), 1));
  // [MS-SMB2] 3.3.5.5.3: ConstrainedConnection goes on until a name is proven, and with it the limits of before.
  if (!session.terms().is_anonymous) connection.channel_opened();
  request.server.stats.sessions_now.fetch_add(1, std::memory_order_relaxed);
  co_await take_over(request, session, in.previous_session_id);
}

runtime::Task<Result<Reply>> accept(Request& request, std::shared_ptr<Channel> channel, wire::SessionSetupRequest in,
                                    ByteVector token, LogonOutcome outcome) {
  const identity::LogonReport report = outcome.report;
  const bool again = channel->is_open();
  if (again) {
    co_await renew(request, channel, std::move(outcome));
  } else if (channel->session->is_valid()) {
    const Result<> bound = finish_binding(request, *channel, outcome.token->user);
    if (!bound) {
      outcome.status = bound.error();
      co_return co_await refuse(request, channel, std::move(outcome));
    }
  } else {
    co_await establish(request, channel, in, std::move(outcome));
  }
  audit_logon(request.connection, report, channel->session->id, NtStatus::SUCCESS);
  if (!report.anonymous) request.server.logon_succeeded(report.user);
  request.server.stats.logons.fetch_add(1, std::memory_order_relaxed);
  request.channel = channel;
  const SessionTerms& terms = channel->session->terms();
  wire::SessionFlags flags;
  // [MS-SMB2] 3.3.5.5.3: not in the answer to a binding.
  if (terms.encrypt_data && !is_binding(request)) flags |= wire::SessionFlag::encrypt_data;
  // MAY, and not of a session that has been somebody's, for it goes on signing with its keys.
  if (terms.is_anonymous) flags |= wire::SessionFlag::is_null;
  Reply reply = answer(NtStatus::SUCCESS, token, flags);
  // [MS-SMB2] 3.3.5.5.3: the last answer of a logon is signed with the channel's new key, but for nobody's.
  reply.must_sign = !terms.is_anonymous && (!again || terms.signing_required);
  co_return reply;
}

}  // namespace

runtime::Task<Result<Reply>> handle_session_setup(Request& request) {
  DOZO_CO_TRY(const auto in, request.decode<wire::SessionSetupRequest>());
  const std::shared_ptr<const Config> config = request.server.config();
  if (encryption_is_impossible(request.connection, *config)) co_return fail(NtStatus::ACCESS_DENIED);
  DOZO_CO_TRY(const std::shared_ptr<Channel> channel, channel_of(request));
  request.session_id = channel->session->id;

  Logon& logon = *channel->logon;
  logon.preauth.update(request.message);
  Result<identity::LogonStep> step = logon.acceptor.step(in.security_buffer);
  if (step && !step->done) {
    Reply reply = answer(NtStatus::MORE_PROCESSING_REQUIRED, step->token, {});
    reply.hash_into = Reply::HashInto::logon;
    co_return reply;
  }
  LogonOutcome outcome = co_await finish_logon(request.connection, channel, step ? NtStatus::SUCCESS : step.error());
  // The session or the connection may have ended meanwhile, or another request the dialogue.
  if (request.connection.find_channel(request.session_id) != channel || !channel->logon) {
    co_return fail(NtStatus::USER_SESSION_DELETED);
  }
  if (outcome.status != NtStatus::SUCCESS) co_return co_await refuse(request, channel, std::move(outcome));
  co_return co_await accept(request, channel, in, std::move(step->token), std::move(outcome));
}

runtime::Task<Result<Reply>> handle_logoff(Request& request) {
  DOZO_CO_CHECK(request.decode<wire::LogoffRequest>());
  guard::emit({.event = guard::AuditEvent::logoff,
               .address = request.connection.peer_address(),
               .user = request.session->valid().token->user_name,
               .session = request.session->id});
  co_await end_session(request.server, request.session, "LOGOFF");
  co_return Reply::of(wire::LogoffResponse{});
}

}  // namespace dozo::server
