#include "client/session.h"

#include "base/secret.h"
#include "base/unicode.h"
#include "client/tree.h"
#include "crypto/kdf.h"
#include "wire/fscc/fsctl.h"
#include "wire/ioctl.h"
#include "wire/logoff.h"
#include "wire/session_setup.h"
#include "wire/tree_connect.h"

namespace dozo::client {
namespace {

constexpr int rounds_max = 8;  // of a logon's tokens

// [MS-SMB2] 3.3.4.4, 3.2.5.1.4: answers that are not errors though their status is not SUCCESS.
bool is_failure(const wire::Header& header) {
  return header.status != NtStatus::SUCCESS &&
         (is_error(header.status) || header.status == NtStatus::STOPPED_ON_SYMLINK ||
          header.status == NtStatus::NO_MORE_FILES);
}

void wipe_text(std::string& text) {
  wipe({static_cast<std::uint8_t*>(static_cast<void*>(text.data())), text.size()});
  text.clear();
}

}  // namespace

// One logon under way.
struct Session::Dialogue {
  Connection& connection;
  identity::SpnegoInitiator initiator;
  SessionOptions options;
  SessionId id;
  crypto::PreauthHash preauth;
  SessionSecurity* security = nullptr;  // of a session that is there already
};

runtime::Task<Result<std::unique_ptr<Session>>> Session::log_on(Connection& connection, Credentials credentials,
                                                                SessionOptions options) {
  auto hashed = identity::NtlmCredentials::from_password(credentials.user, credentials.domain, credentials.password);
  wipe_text(credentials.password);
  if (!hashed) co_return fail(NtStatus::INVALID_PARAMETER);
  auto session = co_await log_on_with_hash(connection, std::move(*hashed), std::move(options));
  co_return session;
}

runtime::Task<Result<std::unique_ptr<Session>>> Session::log_on_with_hash(Connection& connection,
                                                                          identity::NtlmCredentials credentials,
                                                                          SessionOptions options) {
  const auto logon = ntlm_logon(std::move(credentials), options.workstation);
  auto session = co_await log_on_as(connection, *logon, std::move(options));
  co_return session;
}

runtime::Task<Result<std::unique_ptr<Session>>> Session::log_on_as(Connection& connection, const Logon& logon,
                                                                   SessionOptions options) {
  options.anonymous = logon.is_anonymous();
  auto session = co_await log_on_with(connection, logon.begin(connection), std::move(options));
  co_return session;
}

runtime::Task<Result<>> Session::reauthenticate(const Logon& logon) {
  Dialogue dialogue{.connection = connection_,
                    .initiator = logon.begin(connection_),
                    .options = {},
                    .id = id_,
                    .preauth = connection_.preauth(),
                    .security = security_.get()};
  const auto last = co_await exchange_tokens(dialogue);
  if (!last) co_return fail(last.error());
  co_return Result<>{};
}

runtime::Task<Result<std::unique_ptr<Session>>> Session::log_on_with(Connection& connection,
                                                                     identity::SpnegoInitiator initiator,
                                                                     SessionOptions options) {
  Dialogue dialogue{.connection = connection,
                    .initiator = std::move(initiator),
                    .options = std::move(options),
                    .id = {},
                    .preauth = connection.preauth()};
  const auto last = co_await exchange_tokens(dialogue);
  if (!last) co_return fail(last.error());
  std::unique_ptr<Session> session(new Session(connection));
  const auto established = session->establish(dialogue, *last);
  if (!established) {
    // [MS-SMB2] 3.2.5.3.1: a session that is not what it claims ends the connection.
    connection.fail_with(established.error());
    co_return fail(established.error());
  }
  co_return session;
}

// SESSION_SETUP until the server says SUCCESS; that answer. [MS-SMB2] 3.2.4.2.3, 3.2.5.3
runtime::Task<Result<Response>> Session::exchange_tokens(Dialogue& dialogue) {
  Connection& connection = dialogue.connection;
  ByteVector token = connection.negotiated().security_token;
  for (int round = 0; round < rounds_max; ++round) {
    const auto step = dialogue.initiator.step(round == 0 ? Bytes{} : Bytes(token));
    if (!step) co_return fail(step.error());
    const wire::SessionSetupRequest body{.flags = 0,
                                         .security_mode = Flags<wire::SecurityModeByte>::from_wire(
                                             static_cast<std::uint8_t>(connection.client_security_mode().bits())),
                                         .capabilities = connection.client_capabilities() & wire::Capability::dfs,
                                         .channel = 0,
                                         .previous_session_id = dialogue.options.previous,
                                         .security_buffer = step->token};
    Request request = make_request(wire::Command::session_setup, body);
    auto response = co_await connection.call(
        std::move(request), {.session = dialogue.security, .session_id = dialogue.id, .preauth = &dialogue.preauth});
    if (!response) co_return fail(response.error());
    const NtStatus status = response->header.status;
    if (status != NtStatus::SUCCESS && status != NtStatus::MORE_PROCESSING_REQUIRED) co_return fail(status);
    DOZO_CO_TRY(const auto answer, response->decode<wire::SessionSetupResponse>());
    dialogue.id = response->header.session_id;
    if (status == NtStatus::SUCCESS) {
      const auto end = dialogue.initiator.step(answer.security_buffer);
      if (!end || !end->done) co_return fail(end ? NtStatus::LOGON_FAILURE : end.error());
      co_return std::move(*response);
    }
    // [MS-SMB2] 3.2.5.3.1: the last answer is not part of the hash, it is protected by what comes of it.
    dialogue.preauth.update(response->message);
    token.assign(answer.security_buffer.begin(), answer.security_buffer.end());
  }
  co_return fail(NtStatus::INVALID_NETWORK_RESPONSE);
}

// The keys, and the proof that the server has them too.
Result<> Session::establish(const Dialogue& dialogue, const Response& last) {
  DOZO_TRY(const auto answer, last.decode<wire::SessionSetupResponse>());
  id_ = last.header.session_id;
  flags_ = answer.session_flags;
  const Negotiated& negotiated = connection_.negotiated();
  const ConnectionOptions& wishes = connection_.options();
  // Samba does not call nobody's session IS_NULL; but there is no key, so there can be no signature.
  const bool keyless =
      dialogue.options.anonymous || flags_.has_any(wire::SessionFlag::is_guest | wire::SessionFlag::is_null);
  // [MS-SMB2] 3.2.5.3.1: a guest's session where a user's was asked for is a failure.
  if (keyless && (!dialogue.options.allow_guest || wishes.require_signing || wishes.encrypt)) {
    return fail(NtStatus::LOGON_FAILURE);
  }
  SessionSecurity::Settings settings{.id = id_, .keys = {}, .has_keys = !keyless};
  const bool server_requires = negotiated.server_security_mode.has(wire::SecurityModeBit::signing_required);
  settings.signs = !keyless && (wishes.require_signing || server_requires);
  settings.encrypts = !keyless && (wishes.encrypt || flags_.has(wire::SessionFlag::encrypt_data));
  if (!keyless) {
    settings.keys = crypto::derive_session_keys({.dialect = negotiated.dialect,
                                                 .cipher = negotiated.cipher,
                                                 .mechanism_key = dialogue.initiator.session_key().bytes(),
                                                 .preauth_hash = dialogue.preauth.bytes()},
                                                crypto::Side::client);
  }
  security_ = std::make_unique<SessionSecurity>(connection_, settings);
  if (settings.encrypts && !security_->can_encrypt()) return fail(NtStatus::NOT_SUPPORTED);
  const bool is_signed = last.header.flags.has(wire::HeaderFlag::is_signed);
  // [MS-SMB2] 3.2.5.3.1: in 3.1.1 the last answer is signed, or the logon has failed.
  const bool must_be_signed = !keyless && (settings.signs || negotiated.dialect == Dialect::smb_3_1_1);
  if (must_be_signed && !is_signed) return fail(NtStatus::INVALID_SIGNATURE);
  if (!keyless && is_signed && !security_->verify(last.message)) return fail(NtStatus::INVALID_SIGNATURE);
  return {};
}

runtime::Task<Result<Response>> Session::call(Request request, CallOptions options) {
  options.session = security_.get();
  auto response = co_await connection_.call(std::move(request), options);
  if (!response) co_return fail(response.error());
  if (is_failure(response->header)) co_return fail(response->header.status);
  co_return std::move(*response);
}

runtime::Task<Result<>> Session::log_off() {
  const auto response = co_await call(make_request(wire::Command::logoff, wire::LogoffRequest{}));
  if (!response) co_return fail(response.error());
  co_return Result<>{};
}

runtime::Task<Result<std::unique_ptr<Tree>>> Session::connect_tree(std::string share) {
  const auto path = utf8_to_utf16("\\\\" + connection_.options().server_name + "\\" + share);
  if (!path) co_return fail(NtStatus::OBJECT_NAME_INVALID);
  const wire::TreeConnectRequest body{.flags = {}, .path = *path};
  const auto response = co_await call(make_request(wire::Command::tree_connect, body));
  if (!response) co_return fail(response.error());
  DOZO_CO_TRY(const auto answer, response->decode<wire::TreeConnectResponse>());
  const TreeId id = response->header.tree_id;
  const bool encrypt = answer.share_flags.has(wire::ShareProperty::encrypt_data);
  if (encrypt && !security_->can_encrypt()) co_return fail(NtStatus::ACCESS_DENIED);

  // [MS-SMB2] 3.2.5.5: 3.1.1 has the preauthentication hash instead; a client of 2.x alone has nothing to lose.
  const bool validates = connection_.negotiated().dialect != Dialect::smb_3_1_1 &&
                         is_smb3(connection_.options().dialect_max) && security_->can_sign();
  if (validates) DOZO_CO_CHECK(co_await validate_negotiate(id));
  co_return std::make_unique<Tree>(*this, Tree::Properties{.id = id, .share = std::move(share), .answer = answer});
}

// [MS-SMB2] 3.2.5.5, 3.2.5.14.12. That the answer is signed or sealed, the connection sees to.
runtime::Task<Result<>> Session::validate_negotiate(TreeId tree) {
  const wire::ValidateNegotiateInfoRequest said{.capabilities = connection_.client_capabilities(),
                                                .guid = connection_.client_guid(),
                                                .security_mode = connection_.client_security_mode(),
                                                .dialects = connection_.offered_dialects()};
  const ByteVector input = wire::encode_plain(said);
  const wire::IoctlRequest body{.ctl_code = wire::Fsctl::validate_negotiate_info,
                                .file_id = kRelatedFileId,
                                .input = input,
                                .output = {},
                                .max_output_response = 24};
  const auto response = co_await call(make_request(wire::Command::ioctl, body, tree, 24));
  // [MS-SMB2] 3.2.5.14.12: only ACCESS_DENIED ends the connection; a server of 2.x does not know the request.
  if (!response && response.error() != NtStatus::ACCESS_DENIED && connection_.is_open()) co_return Result<>{};
  bool same = false;
  if (response) {
    DOZO_CO_TRY(const auto ioctl, response->decode<wire::IoctlResponse>());
    const auto heard = wire::decode_plain<wire::ValidateNegotiateInfoResponse>(ioctl.output);
    const Negotiated& negotiated = connection_.negotiated();
    same = heard && heard->capabilities == negotiated.server_capabilities && heard->guid == negotiated.server_guid &&
           heard->security_mode == negotiated.server_security_mode &&
           heard->dialect == static_cast<std::uint16_t>(negotiated.dialect);
  }
  if (same) co_return Result<>{};
  connection_.fail_with(NtStatus::ACCESS_DENIED);
  co_return fail(NtStatus::ACCESS_DENIED);
}

}  // namespace dozo::client
