// NTLMSSP messages and what they carry.
#include "tests/fuzz/wire_fuzz.h"
#include "wire/ntlmssp.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace dozo;
  const Bytes input(data, size);
  static_cast<void>(wire::ntlm_message_type(input));
  if (const auto message = wire::decode_ntlm_negotiate(input)) {
    fuzz::check(wire::decode_ntlm_negotiate(wire::encode_ntlm_negotiate(*message)).has_value());
  }
  if (const auto message = wire::decode_ntlm_challenge(input)) {
    fuzz::check(wire::decode_ntlm_challenge(wire::encode_ntlm_challenge(*message)).has_value());
    static_cast<void>(wire::decode_av_pairs(message->target_info));
  }
  if (const auto message = wire::decode_ntlm_authenticate(input)) {
    fuzz::check(wire::decode_ntlm_authenticate(wire::encode_ntlm_authenticate(*message)).has_value());
    static_cast<void>(wire::decode_ntlmv2_response(message->nt_challenge_response));
  }
  if (const auto response = wire::decode_ntlmv2_response(input)) {
    static_cast<void>(wire::av_flags(response->av_pairs));
    static_cast<void>(wire::av_timestamp(response->av_pairs));
  }
  return 0;
}
