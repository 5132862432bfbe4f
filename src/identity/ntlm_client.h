// The client's side of NTLMv2. [MS-NLMP] 3.1.5.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/time.h"
#include "crypto/ntlm.h"
#include "identity/authenticator.h"

namespace dozo::identity {

struct NtlmCredentials {
  std::string user;
  std::string domain;  // may be empty
  crypto::NtHash nt_hash;

  // nullopt when the password is not UTF-8.
  static std::optional<NtlmCredentials> from_password(std::string user, std::string domain, std::string_view password);
};

struct NtlmClientSettings {
  std::string workstation;                                       // NetBIOS name of this machine; may be empty
  std::string target_name;                                       // "cifs/files.example.org"; empty: none is sent
  std::optional<std::array<std::uint8_t, 16>> channel_bindings;  // MD5; none: zeros are sent
};

// One logon with NTLMv2, MIC and key exchange. A server that does not agree to extended session security and 128 bits
// is refused with STATUS_LOGON_FAILURE, a challenge that cannot be decoded with STATUS_INVALID_PARAMETER.
std::unique_ptr<Mechanism> make_ntlm_initiator(NtlmCredentials credentials, NtlmClientSettings settings,
                                               const Clock& clock);
// The logon of nobody: no response, no MIC, no key (session_key() stays zero, keys_ready() false).
std::unique_ptr<Mechanism> make_ntlm_anonymous_initiator(NtlmClientSettings settings, const Clock& clock);

}  // namespace dozo::identity
