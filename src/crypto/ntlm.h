// The cryptography of NTLMv2. [MS-NLMP] 3.3.2, 3.4. Pure functions over values; no message formats (wire/ntlmssp.h).
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "base/bytes.h"
#include "base/secret.h"
#include "crypto/hash.h"

namespace dozo::crypto {

using NtHash = Secret<16>;
using NtlmKey = Secret<16>;
using NtlmChallenge = std::array<std::uint8_t, 8>;
using NtlmSignature = std::array<std::uint8_t, 16>;

// NTOWFv1, [MS-NLMP] 3.3.1: MD4 of the password in UTF-16LE. nullopt when it is not UTF-8.
std::optional<NtHash> nt_hash(std::string_view password_utf8);

// NTOWFv2, [MS-NLMP] 3.3.2. The user is upper-cased here; the domain is taken as the client sent it.
NtlmKey ntowf_v2(const NtHash& hash, std::u16string_view user, std::u16string_view domain);

// NTProofStr: over the server's challenge and `temp`, the NTLMv2_CLIENT_CHALLENGE with all that follows it.
Digest128 nt_proof(const NtlmKey& response_key, const NtlmChallenge& server_challenge, Bytes temp);

// LMv2: 16 bytes and the client's challenge.
std::array<std::uint8_t, 24> lm_v2_response(const NtlmKey& response_key, const NtlmChallenge& server_challenge,
                                            const NtlmChallenge& client_challenge);

// SessionBaseKey, which for NTLMv2 also is the KeyExchangeKey ([MS-NLMP] 3.4.5.1).
NtlmKey session_base_key(const NtlmKey& response_key, const Digest128& proof);

// RC4 of a 16-byte key under the KeyExchangeKey: EncryptedRandomSessionKey from the ExportedSessionKey, and back.
NtlmKey exchange_key(const NtlmKey& key_exchange_key, Bytes key16);

// MIC, [MS-NLMP] 3.1.5.1.2: over the three messages. The AUTHENTICATE_MESSAGE comes in parts, so that its MIC field can
// be replaced by zeros without a copy.
Digest128 ntlm_mic(const NtlmKey& exported_session_key, Bytes negotiate, Bytes challenge,
                   std::span<const Bytes> authenticate_with_zero_mic);

enum class NtlmDirection { client_to_server, server_to_client };

// SIGNKEY and SEALKEY with extended session security, [MS-NLMP] 3.4.5.2, 3.4.5.3. `key_bits`: 128, 56 or 40.
NtlmKey ntlm_sign_key(const NtlmKey& exported_session_key, NtlmDirection direction);
NtlmKey ntlm_seal_key(const NtlmKey& exported_session_key, int key_bits, NtlmDirection direction);

// Signatures of one direction with extended session security, [MS-NLMP] 3.4.4.2. A value with a state: each message
// takes the next sequence number and the next piece of the RC4 stream, so the order of calls is the order of messages.
class NtlmMessageSigner {
 public:
  struct Options {
    bool key_exchange = true;  // NTLMSSP_NEGOTIATE_KEY_EXCH: the checksum is sealed
    int key_bits = 128;
  };
  NtlmMessageSigner(const NtlmKey& exported_session_key, NtlmDirection direction, Options options);

  NtlmSignature sign(Bytes message);
  // Consumes a sequence number only when the signature is right.
  bool verify(Bytes message, Bytes signature);
  // SEAL, [MS-NLMP] 3.4.3: encrypts in place, signs the plain text.
  NtlmSignature seal(MutableBytes message);

 private:
  NtlmSignature finish(const Digest128& mac);

  NtlmKey sign_key_;
  Rc4 seal_stream_;
  bool key_exchange_;
  std::uint32_t sequence_ = 0;
};

}  // namespace dozo::crypto
