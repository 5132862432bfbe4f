#include "identity/ntlm_acceptor.h"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "base/unicode.h"
#include "crypto/random.h"
#include "identity/ntlm_context.h"
#include "model/file_time.h"
#include "model/nt_status.h"
#include "wire/ntlmssp.h"
#include "wire/spnego.h"

namespace dozo::identity {
namespace {

using wire::AvId;
using wire::NtlmFlag;
using wire::NtlmFlags;

// [MS-NLMP] 3.2.5.1.1: what is granted when the client asks for it.
constexpr NtlmFlags kOnRequest = NtlmFlag::sign | NtlmFlag::seal | NtlmFlag::extended_session_security |
                                 NtlmFlag::key_128 | NtlmFlag::key_56 | NtlmFlag::key_exchange | NtlmFlag::version;
constexpr NtlmFlags kAlways = NtlmFlag::unicode | NtlmFlag::request_target | NtlmFlag::ntlm | NtlmFlag::always_sign |
                              NtlmFlag::target_info | NtlmFlag::target_type_server;
constexpr NtlmFlags kRequired = NtlmFlag::unicode | NtlmFlag::extended_session_security | NtlmFlag::key_128;
// Of nobody, who has no response to be protected: Samba's clients drop the session security that they asked for.
constexpr NtlmFlags kRequiredOfNobody = NtlmFlag::unicode | NtlmFlag::key_128;

bool all_zero(Bytes bytes) {
  return std::ranges::all_of(bytes, [](std::uint8_t b) { return b == 0; });
}

// [MS-NLMP] 3.2.5.1.2: no user and no response; a zero in place of LM's counts as none.
bool is_anonymous(const wire::NtlmAuthenticate& message) {
  const Bytes lm = message.lm_challenge_response;
  return message.user_name.empty() && message.nt_challenge_response.empty() && lm.size() <= 1 && all_zero(lm);
}

// Keys of a response that was right.
struct ProvenKeys {
  crypto::NtlmKey exchange;
  crypto::NtlmKey exported;
};

class NtlmAcceptor final : public Mechanism {
 public:
  NtlmAcceptor(const NtlmServerSettings& settings, UserSource& users, const Clock& clock, AnonymousLogons anonymous)
      : settings_(settings), users_(users), clock_(clock), anonymous_(anonymous) {
    report_.mechanism = "ntlmssp";
  }

  Bytes oid() const override { return wire::oid_of(wire::Mechanism::ntlmssp); }
  const LogonReport& report() const override { return report_; }
  const Secret<32>& session_key() const override { return session_key_; }
  const std::string& account() const override { return account_; }
  bool keys_ready() const override { return context_.has_value(); }
  ByteVector get_mic(Bytes message) override { return context_->get_mic(message); }
  bool verify_mic(Bytes message, Bytes mic) override { return context_->verify_mic(message, mic); }

  Result<LogonStep> step(Bytes token) override {
    switch (std::exchange(state_, State::ended)) {
      case State::start:
        return on_negotiate(token);
      case State::challenged:
        return on_authenticate(token);
      case State::ended:
        break;
    }
    return refuse(Refusal::unexpected_token, NtStatus::INVALID_PARAMETER);
  }

 private:
  enum class State { start, challenged, ended };

  std::unexpected<NtStatus> refuse(Refusal reason, NtStatus status = NtStatus::LOGON_FAILURE) {
    report_.refusal = reason;
    return fail(status);
  }
  std::unexpected<NtStatus> malformed() { return refuse(Refusal::malformed_token, NtStatus::INVALID_PARAMETER); }

  Result<LogonStep> on_negotiate(Bytes token);
  ByteVector make_target_info() const;
  Result<LogonStep> on_authenticate(Bytes token);
  Result<LogonStep> accept_anonymous(const wire::NtlmAuthenticate& message);
  LogonStep succeed(const crypto::NtlmKey& exported, NtlmFlags flags);
  Result<> check_form(const wire::NtlmAuthenticate& message);
  Result<ProvenKeys> check_proof(const wire::NtlmAuthenticate& message, const wire::Ntlmv2Response& response,
                                 const User* user);
  Result<crypto::NtlmKey> exported_key(const wire::NtlmAuthenticate& message, const crypto::NtlmKey& exchange);
  Result<> check_mic(const wire::NtlmAuthenticate& message, const wire::Ntlmv2Response& response, Bytes token,
                     const crypto::NtlmKey& exported);
  Result<> check_time(const wire::Ntlmv2Response& response);
  Result<> check_channel_bindings(const wire::Ntlmv2Response& response);
  Result<> check_target_name(const wire::Ntlmv2Response& response);

  const NtlmServerSettings& settings_;
  UserSource& users_;
  const Clock& clock_;
  const AnonymousLogons anonymous_;
  State state_ = State::start;
  LogonReport report_;
  ByteVector negotiate_;  // as received: the MIC is over it
  ByteVector challenge_;  // as sent
  crypto::NtlmChallenge server_challenge_{};
  NtlmFlags offered_;
  Secret<32> session_key_;
  std::string account_;
  std::optional<NtlmContext> context_;
};

ByteVector NtlmAcceptor::make_target_info() const {
  // [MS-NLMP] 3.2.5.1.1. A machine that is in no domain is its own.
  const auto or_name = [&](const std::string& domain, const std::string& name) {
    return domain.empty() ? name : domain;
  };
  const ByteVector nb_domain = av_text(or_name(settings_.netbios_domain, settings_.netbios_name));
  const ByteVector nb_name = av_text(settings_.netbios_name);
  const ByteVector dns_domain = av_text(or_name(settings_.dns_domain, settings_.dns_name));
  const ByteVector dns_name = av_text(settings_.dns_name);
  std::array<std::uint8_t, 8> timestamp;
  store_le(timestamp.data(), FileTime::from_wall(clock_.wall_now()).ticks);

  std::vector<wire::AvPair> pairs{{AvId::nb_domain_name, nb_domain}, {AvId::nb_computer_name, nb_name}};
  if (!dns_name.empty()) {
    pairs.push_back({AvId::dns_domain_name, dns_domain});
    pairs.push_back({AvId::dns_computer_name, dns_name});
  }
  pairs.push_back({AvId::timestamp, timestamp});
  ByteWriter out;
  wire::encode_av_pairs(pairs, out);
  return std::move(out).take();
}

Result<LogonStep> NtlmAcceptor::on_negotiate(Bytes token) {
  const Result<wire::NtlmNegotiate> message = wire::decode_ntlm_negotiate(token);
  if (!message) return malformed();
  if (!message->flags.has_all(kRequired)) return refuse(Refusal::weak_security);

  negotiate_.assign(token.begin(), token.end());
  server_challenge_ = crypto::random_bytes<8>();
  offered_ = kAlways | (message->flags & kOnRequest);
  const ByteVector target_info = make_target_info();
  wire::NtlmChallenge challenge;
  challenge.target_name = utf8_to_utf16_lossy(settings_.netbios_name);
  challenge.flags = offered_;
  challenge.server_challenge = server_challenge_;
  challenge.target_info = target_info;
  if (offered_.has(NtlmFlag::version)) challenge.version = wire::NtlmVersion{.major = 10};
  challenge_ = wire::encode_ntlm_challenge(challenge);
  state_ = State::challenged;
  return LogonStep{.token = challenge_, .done = false};
}

// What can be refused before anybody's password hash is looked at.
Result<> NtlmAcceptor::check_form(const wire::NtlmAuthenticate& message) {
  // No user with anything else than no response is refused as the same.
  if (message.user_name.empty() || message.flags.has(NtlmFlag::anonymous)) return refuse(Refusal::anonymous);
  // An NT response of 24 bytes is NTLMv1's or NTLM2 session's, and none at all leaves LM's.
  const std::size_t size = message.nt_challenge_response.size();
  if (size == 0 || size == wire::kNtlmv1ResponseSize) return refuse(Refusal::ntlmv1_response);
  if (!message.flags.has_all(kRequired)) return refuse(Refusal::weak_security);
  return {};
}

Result<ProvenKeys> NtlmAcceptor::check_proof(const wire::NtlmAuthenticate& message,
                                             const wire::Ntlmv2Response& response, const User* user) {
  // An unknown user is tried with a hash nobody has, so that it takes as long as a wrong password.
  const crypto::NtHash nobody(crypto::Digest128{});
  const crypto::NtHash& hash = user != nullptr ? user->nt_hash : nobody;
  // [MS-NLMP] 3.2.5.1.2: clients that left the domain out of their key are to be supported. Both are always computed.
  std::optional<ProvenKeys> keys;
  for (const std::u16string_view domain : {std::u16string_view(message.domain_name), std::u16string_view()}) {
    const crypto::NtlmKey key = crypto::ntowf_v2(hash, message.user_name, domain);
    const crypto::Digest128 expected = crypto::nt_proof(key, server_challenge_, response.client_challenge_blob);
    const bool right = crypto::constant_time_equal(expected, response.proof);
    const crypto::NtlmKey base = crypto::session_base_key(key, expected);
    if (right && user != nullptr && !keys) keys = ProvenKeys{.exchange = base, .exported = {}};
  }
  if (keys) {
    DOZO_TRY(keys->exported, exported_key(message, keys->exchange));
    return *keys;
  }
  if (user != nullptr) return refuse(Refusal::bad_password);
  const bool guest = equal_ignoring_case(message.user_name, u"guest");
  return refuse(guest ? Refusal::guest : Refusal::unknown_user);
}

Result<crypto::NtlmKey> NtlmAcceptor::exported_key(const wire::NtlmAuthenticate& message,
                                                   const crypto::NtlmKey& exchange) {
  if (!message.flags.has(NtlmFlag::key_exchange)) return exchange;
  const Bytes encrypted = message.encrypted_random_session_key;
  // [MS-NLMP] 3.1.5.1.2: without signing and sealing there is none, whatever the flag says.
  if (encrypted.empty() && !message.flags.has_any(NtlmFlag::sign | NtlmFlag::seal)) return exchange;
  // [MS-NLMP] 3.2.5.1.2: the server must check that the client supplied a valid one.
  if (encrypted.size() != 16 || !offered_.has(NtlmFlag::key_exchange)) return malformed();
  return crypto::exchange_key(exchange, encrypted);
}

Result<> NtlmAcceptor::check_mic(const wire::NtlmAuthenticate& message, const wire::Ntlmv2Response& response,
                                 Bytes token, const crypto::NtlmKey& exported) {
  // [MS-NLMP] 3.2.5.1.2: MsvAvFlags, which the proof protects, tells whether there is a MIC.
  const bool announced = (wire::av_flags(response.av_pairs) & wire::kAvFlagMicPresent) != 0;
  if (!announced) {
    if (settings_.require_mic) return refuse(Refusal::missing_mic);
    return {};
  }
  if (!message.mic) return refuse(Refusal::missing_mic);
  const crypto::Digest128 expected = ntlm_mic_of(exported, negotiate_, challenge_, token);
  if (!crypto::constant_time_equal(expected, *message.mic)) return refuse(Refusal::bad_mic);
  return {};
}

Result<> NtlmAcceptor::check_time(const wire::Ntlmv2Response& response) {
  const WallTime now = clock_.wall_now();
  const WallTime then = response.timestamp.to_wall();
  if (then > now + settings_.max_skew || then < now - settings_.max_skew) return refuse(Refusal::stale_timestamp);
  return {};
}

Result<> NtlmAcceptor::check_channel_bindings(const wire::Ntlmv2Response& response) {
  const std::optional<Bytes> sent = wire::find_av(response.av_pairs, AvId::channel_bindings);
  // [MS-NLMP] 2.2.2.1: zeros say that the client has none.
  const bool absent = !sent || all_zero(*sent);
  if (absent) {
    if (settings_.require_channel_bindings) return refuse(Refusal::bad_channel_binding);
    return {};
  }
  if (!settings_.channel_bindings) return {};
  if (!crypto::constant_time_equal(*sent, *settings_.channel_bindings)) return refuse(Refusal::bad_channel_binding);
  return {};
}

Result<> NtlmAcceptor::check_target_name(const wire::Ntlmv2Response& response) {
  std::optional<Bytes> sent = wire::find_av(response.av_pairs, AvId::target_name);
  // [MS-NLMP] 3.2.5.1.2: a name from an untrusted source counts as none.
  if ((wire::av_flags(response.av_pairs) & wire::kAvFlagUntrustedTargetName) != 0) sent.reset();
  if (!sent || sent->empty()) {
    if (settings_.require_target_name) return refuse(Refusal::bad_target_name);
    return {};
  }
  if (settings_.target_names.empty()) return {};
  const std::u16string name = utf16_from_le(*sent);
  const auto ours = [&](const std::string& accepted) {
    return equal_ignoring_case(utf8_to_utf16_lossy(accepted), name);
  };
  if (!std::ranges::any_of(settings_.target_names, ours)) return refuse(Refusal::bad_target_name);
  return {};
}

LogonStep NtlmAcceptor::succeed(const crypto::NtlmKey& exported, NtlmFlags flags) {
  session_key_ = Secret<32>(exported.bytes());
  context_.emplace(exported, crypto::NtlmDirection::server_to_client, flags.has(NtlmFlag::key_exchange));
  return LogonStep{.token = {}, .done = true};
}

// [MS-NLMP] 3.2.5.1.2: with a SessionBaseKey of zeros; what is derived from that protects nothing.
Result<LogonStep> NtlmAcceptor::accept_anonymous(const wire::NtlmAuthenticate& message) {
  if (!message.flags.has_all(kRequiredOfNobody)) return refuse(Refusal::weak_security);
  if (settings_.require_channel_bindings) return refuse(Refusal::bad_channel_binding);
  if (settings_.require_target_name) return refuse(Refusal::bad_target_name);
  if (settings_.require_mic) return refuse(Refusal::missing_mic);
  constexpr std::array<std::uint8_t, 16> kZeros{};
  DOZO_TRY(const crypto::NtlmKey exported, exported_key(message, crypto::NtlmKey(kZeros)));
  report_.anonymous = true;
  return succeed(exported, message.flags);
}

Result<LogonStep> NtlmAcceptor::on_authenticate(Bytes token) {
  const Result<wire::NtlmAuthenticate> message = wire::decode_ntlm_authenticate(token);
  if (!message) return malformed();
  report_.user = utf16_to_utf8(message->user_name);
  report_.domain = utf16_to_utf8(message->domain_name);
  report_.workstation = utf16_to_utf8(message->workstation);
  if (anonymous_ == AnonymousLogons::accept && is_anonymous(*message)) return accept_anonymous(*message);
  DOZO_CHECK(check_form(*message));
  const Result<wire::Ntlmv2Response> response = wire::decode_ntlmv2_response(message->nt_challenge_response);
  if (!response) return malformed();

  const std::shared_ptr<const UserSnapshot> users = users_.snapshot();
  const User* user = users->find_user(report_.user);
  DOZO_TRY(const ProvenKeys keys, check_proof(*message, *response, user));
  DOZO_CHECK(check_mic(*message, *response, token, keys.exported));
  DOZO_CHECK(check_time(*response));
  DOZO_CHECK(check_channel_bindings(*response));
  DOZO_CHECK(check_target_name(*response));
  // Said only to who knows the password.
  if (user->disabled) return refuse(Refusal::account_disabled, NtStatus::ACCOUNT_DISABLED);

  account_ = user->name;
  return succeed(keys.exported, message->flags);
}

}  // namespace

std::unique_ptr<Mechanism> make_ntlm_acceptor(const NtlmServerSettings& settings, UserSource& users, const Clock& clock,
                                              AnonymousLogons anonymous) {
  return std::make_unique<NtlmAcceptor>(settings, users, clock, anonymous);
}

}  // namespace dozo::identity
