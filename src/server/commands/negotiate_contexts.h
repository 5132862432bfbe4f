// The negotiate contexts of 3.1.1: what the client offers to what the server selects. Pure. [MS-SMB2] 3.3.5.4.
#pragma once

#include <deque>
#include <optional>
#include <vector>

#include "base/result.h"
#include "crypto/aead.h"
#include "crypto/signing.h"
#include "server/config.h"
#include "wire/negotiate.h"

namespace dozo::server {

// `has_*`: the client sent that context, so that the answer holds one.
struct NegotiatedContexts {
  bool has_encryption = false;
  bool has_compression = false;
  std::optional<crypto::Cipher> cipher;  // none: no cipher in common, or encryption is off
  std::optional<crypto::SigningAlgorithm> signing_algorithm;  // none: the client sent no such context
};

// STATUS_INVALID_PARAMETER for contexts that are missing, doubled or malformed;
// STATUS_SMB_NO_PREAUTH_INTEGRITY_HASH_OVERLAP without SHA-512.
Result<NegotiatedContexts> negotiate_contexts(const std::vector<wire::NegotiateContext>& offered,
                                              const ServerConfig& config);

// Encoded contexts and what keeps their bytes.
class ContextStorage {
 public:
  void add(wire::NegotiateContextType type, ByteVector data);
  std::vector<wire::NegotiateContext> views() const;

 private:
  struct Entry {
    wire::NegotiateContextType type;
    ByteVector data;
  };
  std::deque<Entry> entries_;
};
// The answer's contexts, with a fresh salt.
ContextStorage encode_contexts(const NegotiatedContexts& contexts);

}  // namespace dozo::server
