// Key derivation. [MS-SMB2] 3.1.4.2, 3.2.5.3.1, 3.3.5.5.3.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "base/bytes.h"
#include "base/secret.h"
#include "crypto/aead.h"
#include "model/dialect.h"

namespace dozo::crypto {

using SessionKey = Secret<16>;
using DerivedKey = Secret<32>;

// SP800-108 5.1: counter mode, HMAC-SHA256, r = 32. `label` and `context` as they are hashed, terminating zeros
// included. `length`: bytes wanted, 16 or 32; L is its number of bits.
DerivedKey derive_key(Bytes key, Bytes label, Bytes context, std::size_t length);

// Session.SessionKey: the first 16 bytes of what the mechanism yields, padded with zeros. [MS-SMB2] 3.3.1.8.
SessionKey session_key_from(Bytes mechanism_key);

enum class Side { server, client };

struct KeyInputs {
  Dialect dialect;
  std::optional<Cipher> cipher;  // Connection.CipherId; none: no encryption and decryption keys
  Bytes mechanism_key;           // whole, as the mechanism yields it (Session.FullSessionKey)
  Bytes preauth_hash;            // 3.1.1: Session.PreauthIntegrityHashValue, 64 bytes; else ignored
};

// The keys of a session, from one side's view: `encryption` is what this side seals with.
struct SessionKeys {
  SessionKey signing;      // 2.x: the session key itself
  SessionKey application;  // what the upper layers get; 2.x: the session key itself
  DerivedKey encryption;   // empty on 2.x and without a cipher
  DerivedKey decryption;
};

// For a 3.0 or 3.0.2 session, `cipher` is AES-128-CCM.
SessionKeys derive_session_keys(const KeyInputs& in, Side side);

// Channel.SigningKey of a channel bound to a session: from the key of the authentication that bound it and, for 3.1.1,
// PreauthSession.PreauthIntegrityHashValue.
SessionKey derive_signing_key(Dialect dialect, Bytes mechanism_key, Bytes preauth_hash);

}  // namespace dozo::crypto
