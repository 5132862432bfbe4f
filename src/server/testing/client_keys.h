// What a test client has of a session.
#pragma once

#include <optional>

#include "crypto/aead.h"
#include "crypto/kdf.h"
#include "crypto/signing.h"
#include "server/testing/client.h"

namespace dozo::server::testing {

struct Client::SessionKeys {
  explicit SessionKeys(crypto::Signer its_signer) : signer(std::move(its_signer)) {}
  crypto::Signer signer;  // of this channel
  crypto::SessionKeys of_session;
  crypto::SigningAlgorithm signing_of_session = crypto::SigningAlgorithm::hmac_sha256;
  std::optional<crypto::Aead> sealer;
  std::optional<crypto::Aead> opener;
  std::shared_ptr<crypto::NonceCounter> nonces = std::make_shared<crypto::NonceCounter>();  // of all channels
};

}  // namespace dozo::server::testing
