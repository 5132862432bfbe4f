#include "scan/challenge_facts.h"

#include <algorithm>

#include "base/unicode.h"
#include "model/nt_status.h"
#include "wire/spnego.h"

namespace dozo::scan {
namespace {

constexpr std::size_t kNameMax = 255;  // no name in a challenge is longer

std::string text_of(const std::vector<wire::AvPair>& pairs, wire::AvId id) {
  const auto value = wire::find_av(pairs, id);
  if (!value || value->size() > 2 * kNameMax) return {};
  return utf8_from_le(*value);
}

// The NTLMSSP message in a token.
Result<Bytes> message_in(Bytes token) {
  if (wire::token_kind(token) == wire::TokenKind::ntlmssp) return token;
  const auto response = wire::decode_neg_token_resp(token);
  if (!response || !response->response_token) return fail(NtStatus::INVALID_NETWORK_RESPONSE);
  return *response->response_token;
}

}  // namespace

Result<ChallengeFacts> decode_challenge(Bytes token) {
  DOZO_TRY(const Bytes message, message_in(token));
  const auto challenge = wire::decode_ntlm_challenge(message);
  if (!challenge) return fail(NtStatus::INVALID_NETWORK_RESPONSE);
  ChallengeFacts facts;
  // [MS-NLMP] 2.2.2.10: what has another revision is no version.
  if (challenge->version && challenge->version->revision == wire::NtlmVersion{}.revision) {
    facts.version = challenge->version;
  }
  facts.is_domain = challenge->flags.has(wire::NtlmFlag::target_type_domain);
  const auto pairs = wire::decode_av_pairs(challenge->target_info);
  if (!pairs) return facts;
  facts.computer = text_of(*pairs, wire::AvId::nb_computer_name);
  facts.domain = text_of(*pairs, wire::AvId::nb_domain_name);
  facts.dns_computer = text_of(*pairs, wire::AvId::dns_computer_name);
  facts.dns_domain = text_of(*pairs, wire::AvId::dns_domain_name);
  facts.forest = text_of(*pairs, wire::AvId::dns_tree_name);
  facts.timestamp = wire::av_timestamp(*pairs);
  return facts;
}

std::optional<bool> offers_ntlm(Bytes hint) {
  const auto init = wire::decode_neg_token_init(hint);
  if (!init) return std::nullopt;
  return std::ranges::find(init->mech_types, wire::Mechanism::ntlmssp, &wire::MechType::mechanism) !=
         init->mech_types.end();
}

}  // namespace dozo::scan
