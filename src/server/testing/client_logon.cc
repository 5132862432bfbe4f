// The client's way in: NEGOTIATE, SESSION_SETUP, TREE_CONNECT.
#include <fmt/format.h>

#include "base/unicode.h"
#include "identity/ntlm_client.h"
#include "server/testing/client.h"
#include "server/testing/client_keys.h"
#include "server/testing/world.h"
#include "wire/tree_connect.h"

namespace dozo::server::testing {
namespace {

constexpr int kLogonRoundsMax = 6;

}  // namespace

wire::NegotiateRequest Client::negotiate_request() {
  wire::NegotiateRequest request;
  request.security_mode = options_.security_mode;
  request.capabilities = options_.dialect >= Dialect::smb_3_0 ? options_.capabilities : wire::Capabilities();
  request.client_guid.bytes[0] = options_.machine;
  for (const Dialect d : kAllDialects) {
    if (d == options_.dialect || (d < options_.dialect && !options_.only_this_dialect)) {
      request.dialects.push_back(static_cast<std::uint16_t>(d));
    }
  }
  if (options_.dialect != Dialect::smb_3_1_1) return request;
  const auto add = [&](wire::NegotiateContextType type, ByteVector data) {
    context_data_.push_back(std::move(data));
    request.negotiate_contexts.push_back({type, context_data_.back()});
  };
  static constexpr std::array<std::uint8_t, 32> kSalt = {1, 2, 3};
  add(wire::NegotiateContextType::preauth_integrity,
      wire::encode_plain(
          wire::PreauthIntegrityCapabilities{.hash_algorithms = {wire::HashAlgorithm::sha_512}, .salt = kSalt}));
  if (!options_.ciphers.empty()) {
    add(wire::NegotiateContextType::encryption,
        wire::encode_plain(wire::EncryptionCapabilities{.ciphers = options_.ciphers}));
  }
  if (!options_.signing.empty()) {
    add(wire::NegotiateContextType::signing,
        wire::encode_plain(wire::SigningCapabilities{.signing_algorithms = options_.signing}));
  }
  return request;
}

Answer Client::negotiate() { return negotiate(negotiate_request()); }

Answer Client::negotiate(const wire::NegotiateRequest& request) {
  const Element asked = element(wire::Command::negotiate, request);
  const auto before = next_message_id_;
  Answer answer = wait(start_body(asked.command, asked.body, {.credits = 1}));
  if (answer.none() || answer.status() != NtStatus::SUCCESS) return answer;
  // The hash is of the request as it was sent.
  wire::Header header{.command = wire::Command::negotiate, .credits = 1};
  header.message_id = MessageId(before);
  ByteWriter sent;
  wire::encode_header(header, sent);
  sent.bytes(asked.body);
  preauth_.update(sent.view());
  preauth_.update(answer.bytes);
  take_negotiated(answer);
  return answer;
}

void Client::take_negotiated(const Answer& answer) {
  const auto said = answer.as<wire::NegotiateResponse>();
  dialect_ = static_cast<Dialect>(said.dialect_revision);
  multi_credit_ = said.capabilities.has(wire::Capability::large_mtu);
  io_size_max_ = said.max_read_size;
  signing_ = is_smb3(dialect_) ? crypto::SigningAlgorithm::aes_cmac : crypto::SigningAlgorithm::hmac_sha256;
  if (said.capabilities.has(wire::Capability::encryption) && dialect_ != Dialect::smb_3_1_1) {
    cipher_ = crypto::Cipher::aes_128_ccm;
  }
  for (const wire::NegotiateContext& context : said.negotiate_contexts) {
    if (context.type == wire::NegotiateContextType::encryption) {
      const auto chosen = wire::decode_plain<wire::EncryptionCapabilities>(context.data);
      if (chosen && chosen->ciphers.size() == 1) {
        cipher_ = crypto::cipher_from_wire(static_cast<std::uint16_t>(chosen->ciphers[0]));
      }
    }
    if (context.type == wire::NegotiateContextType::signing) {
      const auto chosen = wire::decode_plain<wire::SigningCapabilities>(context.data);
      if (chosen && chosen->signing_algorithms.size() == 1) {
        signing_ = static_cast<crypto::SigningAlgorithm>(chosen->signing_algorithms[0]);
      }
    }
  }
}

Answer Client::log_on() {
  return log_on(options_.user, options_.password.empty() ? password_of(options_.user) : options_.password);
}

// A new session, a session again, or another channel of one.
struct Client::LogonKind {
  SessionId session;
  const SessionKeys* bind_to = nullptr;
  bool anonymous = false;
  int rounds_max = kLogonRoundsMax;
  bool is_new() const { return session.value() == 0; }
};

Answer Client::log_on(const std::string& user, const std::string& password) { return run_logon({}, user, password); }

Answer Client::reauthenticate(const std::string& user, const std::string& password) {
  return run_logon({.session = session_}, user, password);
}

SessionId Client::begin_logon() {
  return run_logon({.rounds_max = 1}, options_.user, password_of(options_.user)).header.session_id;
}

Answer Client::bind(Client& of) { return run_binding(of, kLogonRoundsMax); }
Answer Client::begin_binding(Client& of) { return run_binding(of, 1); }

void Client::use_session_key(SessionId id) {
  SessionKeys& keys = *keys_of(id);
  keys.signer = crypto::Signer(keys.signing_of_session, keys.of_session.signing.bytes());
}

// [MS-SMB2] 3.2.4.2.3: until the channel has a key the session's signs.
void Client::learn_session_key(Client& of) {
  const SessionKeys& theirs = *of.keys_of(of.session());
  keys_[of.session()] =
      std::make_unique<SessionKeys>(crypto::Signer(theirs.signing_of_session, theirs.of_session.signing.bytes()));
}

Answer Client::run_binding(Client& of, int rounds) {
  const SessionId id = of.session();
  SessionKeys* theirs = of.keys_of(id);
  if (!keys_.contains(id)) learn_session_key(of);
  const std::string password = options_.password.empty() ? password_of(options_.user) : options_.password;
  Answer answer = run_logon({.session = id, .bind_to = theirs, .rounds_max = rounds}, options_.user, password);
  if (!answer.none() && answer.status() == NtStatus::SUCCESS) {
    session_ = id;
    tree_ = of.tree();
  }
  return answer;
}

Answer Client::run_logon(LogonKind kind, const std::string& user, const std::string& password) {
  kind.anonymous = user.empty();
  auto credentials = identity::NtlmCredentials::from_password(user, "", password);
  identity::SpnegoInitiator initiator(kind.anonymous
                                          ? identity::make_ntlm_anonymous_initiator({}, world_.loop())
                                          : identity::make_ntlm_initiator(std::move(*credentials), {}, world_.loop()));
  crypto::PreauthHash preauth = preauth_;
  SessionId session = kind.session;
  ByteVector token;
  Answer answer;
  for (int round = 0; round < kind.rounds_max; ++round) {
    auto step = initiator.step(token);
    if (!step) break;
    wire::SessionSetupRequest body{.previous_session_id = options_.previous_session};
    if (kind.bind_to != nullptr) body.flags = wire::kSessionBinding;
    body.security_mode =
        Flags<wire::SecurityModeByte>::from_wire(static_cast<std::uint8_t>(options_.security_mode.bits()));
    body.security_buffer = step->token;
    const Element asked = element(wire::Command::session_setup, body);
    const MessageId id =
        start_body(asked.command, asked.body,
                   {.session = session, .tree = TreeId{}, .break_signature = options_.break_logon_signatures});
    preauth.update(last_sent_);

    answer = wait(id);
    if (answer.none()) break;
    const auto said = answer.as<wire::SessionSetupResponse>();
    if (answer.status() == NtStatus::SUCCESS) {
      const auto end = initiator.step(said.security_buffer);
      if (!end || !end->done) add_problem("a logon that succeeds without the server's proof");
      establish(kind, answer, initiator.session_key().bytes(), preauth);
      break;
    }
    if (answer.status() != NtStatus::MORE_PROCESSING_REQUIRED) break;
    preauth.update(answer.bytes);
    session = answer.header.session_id;
    token.assign(said.security_buffer.begin(), said.security_buffer.end());
  }
  return answer;
}

void Client::establish(const LogonKind& kind, const Answer& answer, Bytes mechanism_key,
                       const crypto::PreauthHash& preauth) {
  const SessionId id = answer.header.session_id;
  if (kind.bind_to != nullptr) {
    // [MS-SMB2] 3.2.5.3.3: a signing key of its own; everything else is the session's.
    const crypto::SessionKey key = crypto::derive_signing_key(dialect_, mechanism_key, preauth.bytes());
    keys_[id] = std::make_unique<SessionKeys>(crypto::Signer(signing_, key.bytes()));
    keys_[id]->of_session = kind.bind_to->of_session;
    keys_[id]->signing_of_session = kind.bind_to->signing_of_session;
    keys_[id]->nonces = kind.bind_to->nonces;
  } else if (kind.is_new()) {
    const crypto::SessionKeys derived = crypto::derive_session_keys(
        {.dialect = dialect_, .cipher = cipher_, .mechanism_key = mechanism_key, .preauth_hash = preauth.bytes()},
        crypto::Side::client);
    keys_[id] = std::make_unique<SessionKeys>(crypto::Signer(signing_, derived.signing.bytes()));
    keys_[id]->of_session = derived;
    keys_[id]->signing_of_session = signing_;
    session_ = id;
    tree_ = TreeId{};
  }
  SessionKeys& keys = *keys_[id];
  if (cipher_) {
    keys.sealer.emplace(*cipher_, keys.of_session.encryption.bytes());
    keys.opener.emplace(*cipher_, keys.of_session.decryption.bytes());
  }
  // [MS-SMB2] 3.2.5.3.1: the last answer of a logon is signed.
  const bool must_be = !kind.anonymous && (kind.is_new() || kind.bind_to != nullptr);
  if ((must_be && !answer.is_signed) || (answer.is_signed && !keys.signer.verify(answer.bytes))) {
    add_problem("a logon whose last answer is not signed");
  }
}

Answer Client::connect_tree(const std::string& share, Sending sending) {
  wire::TreeConnectRequest request;
  request.path = utf8_to_utf16_lossy("\\\\files\\" + share);
  Answer answer = call(wire::Command::tree_connect, request, std::move(sending));
  if (!answer.none() && answer.status() == NtStatus::SUCCESS) tree_ = answer.header.tree_id;
  return answer;
}

}  // namespace dozo::server::testing
