// SessionSecurity: the keys of a session on its connection, and what they do to messages. [MS-SMB2] 3.2.1.3.
#pragma once

#include <memory>
#include <optional>

#include "client/connection.h"
#include "crypto/aead.h"
#include "crypto/kdf.h"
#include "crypto/signing.h"
#include "model/ids.h"

namespace dozo::client {

// Owner: its Session. Known to the connection by its id while it lives, so that responses can be unsealed and verified.
class SessionSecurity {
 public:
  struct Settings {
    SessionId id;
    crypto::SessionKeys keys;
    bool has_keys = true;   // false for guests: nothing is signed or sealed
    bool signs = true;      // requests are signed, and responses must be, unless they are sealed
    bool encrypts = false;  // every request is sealed, and every response must be
  };
  SessionSecurity(Connection& connection, const Settings& settings);
  ~SessionSecurity();
  SessionSecurity(const SessionSecurity&) = delete;
  SessionSecurity& operator=(const SessionSecurity&) = delete;

  SessionId id() const { return settings_.id; }
  bool signs() const { return settings_.signs; }
  bool encrypts() const { return settings_.encrypts; }
  bool can_sign() const { return signer_.has_value(); }
  bool can_encrypt() const { return sealer_.has_value(); }
  const crypto::SessionKey& application_key() const { return settings_.keys.application; }

  void sign(MutableBytes message) { signer_->sign(message); }
  bool verify(Bytes message) { return signer_ && signer_->verify(message); }
  // The message behind its transform header; nullopt when the nonces are used up. [MS-SMB2] 3.1.4.3
  std::optional<ByteVector> seal(Bytes message);
  // Opens `frame` in place; false when it is not of this session. [MS-SMB2] 3.2.5.1.1.1
  bool open(MutableBytes frame);

 private:
  Connection& connection_;
  Settings settings_;
  std::optional<crypto::Signer> signer_;
  std::optional<crypto::Aead> sealer_;
  std::optional<crypto::Aead> opener_;
  crypto::NonceCounter nonces_;
};

}  // namespace dozo::client
