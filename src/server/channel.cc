#include "server/channel.h"

namespace dozo::server {

void Channel::open(crypto::SigningAlgorithm algorithm, const crypto::SessionKey& signing_key) {
  const SessionTerms& terms = session->terms();
  if (terms.cipher) {
    // [MS-SMB2] 3.3.5.5.3: a binding makes no encryption keys; they are the session's.
    sealer_.emplace(*terms.cipher, terms.keys.encryption.bytes());
    unsealer_.emplace(*terms.cipher, terms.keys.decryption.bytes());
  }
  signer_ = std::make_shared<crypto::Signer>(algorithm, signing_key.bytes());
}

}  // namespace dozo::server
