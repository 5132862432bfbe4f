#include "identity/ntlm_client.h"

#include <cstring>
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

constexpr NtlmFlags kWanted = NtlmFlag::unicode | NtlmFlag::request_target | NtlmFlag::sign | NtlmFlag::seal |
                              NtlmFlag::ntlm | NtlmFlag::always_sign | NtlmFlag::extended_session_security |
                              NtlmFlag::target_info | NtlmFlag::version | NtlmFlag::key_128 | NtlmFlag::key_56 |
                              NtlmFlag::key_exchange;
// Without a secret there is no key, and so nothing to sign or seal with. [MS-NLMP] 3.2.5.1.2: what a server wants of
// everybody's security features it wants of nobody's too.
constexpr NtlmFlags kNobodys = NtlmFlag::unicode | NtlmFlag::request_target | NtlmFlag::ntlm |
                               NtlmFlag::extended_session_security | NtlmFlag::target_info | NtlmFlag::version |
                               NtlmFlag::key_128 | NtlmFlag::key_56;
constexpr NtlmFlags kRequired =
    NtlmFlag::unicode | NtlmFlag::extended_session_security | NtlmFlag::key_128 | NtlmFlag::target_info;
constexpr wire::NtlmVersion kVersion{.major = 10};

class NtlmInitiator final : public Mechanism {
 public:
  // No credentials: anonymous.
  NtlmInitiator(std::optional<NtlmCredentials> credentials, NtlmClientSettings settings, const Clock& clock)
      : anonymous_(!credentials),
        credentials_(std::move(credentials).value_or(NtlmCredentials{})),
        settings_(std::move(settings)),
        clock_(clock) {
    report_.mechanism = "ntlmssp";
    report_.user = credentials_.user;
    report_.domain = credentials_.domain;
    report_.workstation = settings_.workstation;
  }

  Bytes oid() const override { return wire::oid_of(wire::Mechanism::ntlmssp); }
  const LogonReport& report() const override { return report_; }
  const Secret<32>& session_key() const override { return session_key_; }
  const std::string& account() const override { return credentials_.user; }
  bool keys_ready() const override { return context_.has_value(); }
  ByteVector get_mic(Bytes message) override { return context_->get_mic(message); }
  bool verify_mic(Bytes message, Bytes mic) override { return context_->verify_mic(message, mic); }

  Result<LogonStep> step(Bytes token) override {
    switch (std::exchange(state_, State::ended)) {
      case State::start:
        return make_negotiate();
      case State::negotiating:
        return on_challenge(token);
      case State::ended:
        break;
    }
    return refuse(Refusal::unexpected_token, NtStatus::INVALID_PARAMETER);
  }

 private:
  enum class State { start, negotiating, ended };
  struct Keys {
    crypto::NtlmKey exported;
    ByteVector encrypted;  // EncryptedRandomSessionKey
  };

  std::unexpected<NtStatus> refuse(Refusal reason, NtStatus status = NtStatus::LOGON_FAILURE) {
    report_.refusal = reason;
    return fail(status);
  }

  Result<LogonStep> make_negotiate();
  Result<LogonStep> on_challenge(Bytes token);
  LogonStep answer_as_nobody(const wire::NtlmChallenge& challenge);
  Result<std::vector<wire::AvPair>> check_challenge(const wire::NtlmChallenge& challenge);
  ByteVector make_temp(const std::vector<wire::AvPair>& offered, FileTime time,
                       const crypto::NtlmChallenge& nonce) const;
  static Keys make_keys(const crypto::NtlmKey& exchange, NtlmFlags flags);

  bool anonymous_;
  NtlmCredentials credentials_;
  NtlmClientSettings settings_;
  const Clock& clock_;
  State state_ = State::start;
  LogonReport report_;
  ByteVector negotiate_;
  Secret<32> session_key_;
  std::optional<NtlmContext> context_;
};

Result<LogonStep> NtlmInitiator::make_negotiate() {
  negotiate_ = wire::encode_ntlm_negotiate(
      {.flags = anonymous_ ? kNobodys : kWanted, .domain_name = {}, .workstation = {}, .version = kVersion});
  state_ = State::negotiating;
  return LogonStep{.token = negotiate_, .done = false};
}

Result<std::vector<wire::AvPair>> NtlmInitiator::check_challenge(const wire::NtlmChallenge& challenge) {
  if (!challenge.flags.has_all(kRequired)) return refuse(Refusal::weak_security);
  Result<std::vector<wire::AvPair>> pairs = wire::decode_av_pairs(challenge.target_info);
  if (!pairs) return refuse(Refusal::malformed_token, NtStatus::INVALID_PARAMETER);
  // [MS-NLMP] 3.1.5.1.2: without both names there is no integrity.
  if (!wire::find_av(*pairs, AvId::nb_computer_name) || !wire::find_av(*pairs, AvId::nb_domain_name)) {
    return refuse(Refusal::weak_security);
  }
  return pairs;
}

ByteVector NtlmInitiator::make_temp(const std::vector<wire::AvPair>& offered, FileTime time,
                                    const crypto::NtlmChallenge& nonce) const {
  // [MS-NLMP] 3.1.5.1.2: the server's pairs, with those that are the client's to say in its own words.
  std::array<std::uint8_t, 4> flags;
  store_le(flags.data(), wire::av_flags(offered) | wire::kAvFlagMicPresent);
  const std::array<std::uint8_t, 16> bindings = settings_.channel_bindings.value_or(std::array<std::uint8_t, 16>{});
  const ByteVector target_name = av_text(settings_.target_name);
  wire::Ntlmv2Response response;
  response.timestamp = time;
  response.challenge_from_client = nonce;
  for (const wire::AvPair& pair : offered) {
    const bool ours = pair.id == AvId::flags || pair.id == AvId::channel_bindings || pair.id == AvId::target_name;
    if (!ours) response.av_pairs.push_back(pair);
  }
  response.av_pairs.push_back({AvId::flags, flags});
  response.av_pairs.push_back({AvId::channel_bindings, bindings});
  response.av_pairs.push_back({AvId::target_name, target_name});
  return wire::encode_ntlmv2_client_challenge(response);
}

NtlmInitiator::Keys NtlmInitiator::make_keys(const crypto::NtlmKey& exchange, NtlmFlags flags) {
  if (!flags.has(NtlmFlag::key_exchange)) return {.exported = exchange, .encrypted = {}};
  const crypto::NtlmKey exported(crypto::random_bytes<16>());
  const crypto::NtlmKey encrypted = crypto::exchange_key(exchange, exported.bytes());
  return {.exported = exported, .encrypted = {encrypted.bytes().begin(), encrypted.bytes().end()}};
}

// [MS-NLMP] 3.1.5.1.2: an anonymous logon has no NT response, one zero as its LM response, and says what it is.
LogonStep NtlmInitiator::answer_as_nobody(const wire::NtlmChallenge& challenge) {
  static constexpr std::array<std::uint8_t, 1> zero{};
  wire::NtlmAuthenticate message;
  message.workstation = utf8_to_utf16_lossy(settings_.workstation);
  message.flags = (challenge.flags & kNobodys) | NtlmFlag::anonymous;
  message.version = kVersion;
  message.lm_challenge_response = zero;
  const std::array<std::uint8_t, 16> no_key{};
  session_key_ = Secret<32>(no_key);
  return {.token = wire::encode_ntlm_authenticate(message), .done = true};
}

Result<LogonStep> NtlmInitiator::on_challenge(Bytes token) {
  const Result<wire::NtlmChallenge> challenge = wire::decode_ntlm_challenge(token);
  if (!challenge) return refuse(Refusal::malformed_token, NtStatus::INVALID_PARAMETER);
  if (anonymous_) return answer_as_nobody(*challenge);
  DOZO_TRY(const std::vector<wire::AvPair> offered, check_challenge(*challenge));

  const std::optional<FileTime> server_time = wire::av_timestamp(offered);
  const crypto::NtlmChallenge nonce = crypto::random_bytes<8>();
  const ByteVector temp = make_temp(offered, server_time.value_or(FileTime::from_wall(clock_.wall_now())), nonce);
  wire::NtlmAuthenticate message;
  message.user_name = utf8_to_utf16_lossy(credentials_.user);
  message.domain_name = utf8_to_utf16_lossy(credentials_.domain);
  message.workstation = utf8_to_utf16_lossy(settings_.workstation);
  message.flags = challenge->flags & kWanted;
  message.version = kVersion;

  const crypto::NtlmKey key = crypto::ntowf_v2(credentials_.nt_hash, message.user_name, message.domain_name);
  const crypto::Digest128 proof = crypto::nt_proof(key, challenge->server_challenge, temp);
  ByteVector nt_response(proof.begin(), proof.end());
  nt_response.insert(nt_response.end(), temp.begin(), temp.end());
  // [MS-NLMP] 3.1.5.1.2: zeros for LMv2 when the server sent its time.
  std::array<std::uint8_t, 24> lm_response{};
  if (!server_time) lm_response = crypto::lm_v2_response(key, challenge->server_challenge, nonce);
  const Keys keys = make_keys(crypto::session_base_key(key, proof), message.flags);
  message.nt_challenge_response = nt_response;
  message.lm_challenge_response = lm_response;
  message.encrypted_random_session_key = keys.encrypted;
  message.mic.emplace();

  ByteVector out = wire::encode_ntlm_authenticate(message);
  const crypto::Digest128 mic = ntlm_mic_of(keys.exported, negotiate_, token, out);
  std::memcpy(out.data() + wire::kNtlmMicOffset, mic.data(), mic.size());
  session_key_ = Secret<32>(keys.exported.bytes());
  context_.emplace(keys.exported, crypto::NtlmDirection::client_to_server, message.flags.has(NtlmFlag::key_exchange));
  return LogonStep{.token = std::move(out), .done = true};
}

}  // namespace

std::optional<NtlmCredentials> NtlmCredentials::from_password(std::string user, std::string domain,
                                                              std::string_view password) {
  const std::optional<crypto::NtHash> hash = crypto::nt_hash(password);
  if (!hash) return std::nullopt;
  return NtlmCredentials{std::move(user), std::move(domain), *hash};
}

std::unique_ptr<Mechanism> make_ntlm_initiator(NtlmCredentials credentials, NtlmClientSettings settings,
                                               const Clock& clock) {
  return std::make_unique<NtlmInitiator>(std::move(credentials), std::move(settings), clock);
}

std::unique_ptr<Mechanism> make_ntlm_anonymous_initiator(NtlmClientSettings settings, const Clock& clock) {
  return std::make_unique<NtlmInitiator>(std::nullopt, std::move(settings), clock);
}

}  // namespace dozo::identity
