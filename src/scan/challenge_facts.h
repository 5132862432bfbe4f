// What a server says about itself in the challenge of an NTLM logon that nobody goes on with. Pure. [MS-NLMP] 2.2.1.2.
#pragma once

#include <optional>
#include <string>

#include "base/bytes.h"
#include "base/result.h"
#include "model/file_time.h"
#include "wire/ntlmssp.h"

namespace dozo::scan {

struct ChallengeFacts {
  std::string computer;  // NetBIOS names
  std::string domain;
  std::string dns_computer;
  std::string dns_domain;
  std::string forest;
  std::optional<wire::NtlmVersion> version;
  std::optional<FileTime> timestamp;
  bool is_domain = false;  // NTLMSSP_TARGET_TYPE_DOMAIN
};

// Of the token that answers the first one: a CHALLENGE_MESSAGE, in SPNEGO or bare. STATUS_INVALID_NETWORK_RESPONSE for
// anything else.
Result<ChallengeFacts> decode_challenge(Bytes token);
// Whether a server's hint offers NTLM. A hint that cannot be read says nothing.
std::optional<bool> offers_ntlm(Bytes hint);

}  // namespace dozo::scan
