// What both sides of NTLMSSP share once the keys exist. Only for sources of this layer.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>

#include "crypto/ntlm.h"
#include "identity/authenticator.h"
#include "wire/ntlmssp.h"

namespace dozo::identity {

// Signatures in both directions, from the exported session key on.
class NtlmContext {
 public:
  NtlmContext(const crypto::NtlmKey& exported, crypto::NtlmDirection sending, bool key_exchange);

  ByteVector get_mic(Bytes message);
  bool verify_mic(Bytes message, Bytes mic);

 private:
  crypto::NtlmMessageSigner sender_;
  crypto::NtlmMessageSigner receiver_;
};

// The MIC over the three messages; what `authenticate` holds in its MIC field counts as zeros.
crypto::Digest128 ntlm_mic_of(const crypto::NtlmKey& exported, Bytes negotiate, Bytes challenge, Bytes authenticate);

// Text as a target information value: UTF-16LE.
ByteVector av_text(std::string_view utf8);

}  // namespace dozo::identity
