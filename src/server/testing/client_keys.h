// What a test client has of a session.
#pragma once

#include <optional>

#include "crypto/aead.h"
#include "crypto/signing.h"
#include "server/testing/client.h"

namespace dozo::server::testing {

struct Client::SessionKeys {
  explicit SessionKeys(crypto::Signer its_signer) : signer(std::move(its_signer)) {}
  crypto::Signer signer;
  std::optional<crypto::Aead> sealer;
  std::optional<crypto::Aead> opener;
  crypto::NonceCounter nonces;
};

}  // namespace dozo::server::testing
