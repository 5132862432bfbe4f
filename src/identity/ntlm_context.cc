#include "identity/ntlm_context.h"

#include "base/assert.h"
#include "base/unicode.h"

namespace dozo::identity {
namespace {

using crypto::NtlmDirection;

NtlmDirection opposite(NtlmDirection d) {
  return d == NtlmDirection::client_to_server ? NtlmDirection::server_to_client : NtlmDirection::client_to_server;
}

}  // namespace

NtlmContext::NtlmContext(const crypto::NtlmKey& exported, NtlmDirection sending, bool key_exchange)
    : sender_(exported, sending, {.key_exchange = key_exchange, .key_bits = 128}),
      receiver_(exported, opposite(sending), {.key_exchange = key_exchange, .key_bits = 128}) {}

ByteVector NtlmContext::get_mic(Bytes message) {
  const crypto::NtlmSignature signature = sender_.sign(message);
  return {signature.begin(), signature.end()};
}

bool NtlmContext::verify_mic(Bytes message, Bytes mic) { return receiver_.verify(message, mic); }

crypto::Digest128 ntlm_mic_of(const crypto::NtlmKey& exported, Bytes negotiate, Bytes challenge, Bytes authenticate) {
  DOZO_ASSERT(authenticate.size() >= wire::kNtlmMicOffset + wire::kNtlmMicSize);
  constexpr std::array<std::uint8_t, wire::kNtlmMicSize> kZeros{};
  const Bytes parts[] = {authenticate.first(wire::kNtlmMicOffset), kZeros,
                         authenticate.subspan(wire::kNtlmMicOffset + wire::kNtlmMicSize)};
  return crypto::ntlm_mic(exported, negotiate, challenge, parts);
}

ByteVector av_text(std::string_view utf8) { return utf16_to_le(utf8_to_utf16_lossy(utf8)); }

}  // namespace dozo::identity
