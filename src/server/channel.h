// Channel: a session on one of its connections. [MS-SMB2] 3.3.1.14; while the connection is being bound to the session
// it is the PreauthSession of 3.3.1.15 too.
#pragma once

#include <memory>
#include <optional>

#include "crypto/aead.h"
#include "crypto/preauth.h"
#include "crypto/signing.h"
#include "identity/authenticator.h"
#include "server/session.h"

namespace dozo::server {

// A dialogue in progress: a first logon, a binding, or a reauthentication over an open channel.
struct Logon {
  identity::SpnegoAcceptor acceptor;
  crypto::PreauthHash preauth;
};

// Owned by its connection's table; held by requests in flight. Its connection's loop: its cipher contexts are its own,
// though their keys are the session's.
class Channel {
 public:
  Channel(std::shared_ptr<Session> of, Logon dialogue) : session(std::move(of)), logon(std::move(dialogue)) {}
  Channel(const Channel&) = delete;
  Channel& operator=(const Channel&) = delete;

  const std::shared_ptr<Session> session;
  std::optional<Logon> logon;

  // From here on requests of the session may come this way. Precondition: the session is valid.
  void open(crypto::SigningAlgorithm algorithm, const crypto::SessionKey& signing_key);
  bool is_open() const { return signer_ != nullptr; }

  // Of an open channel.
  const std::shared_ptr<crypto::Signer>& signer() const { return signer_; }
  // Null where the session does not encrypt.
  crypto::Aead* sealer() { return sealer_ ? &*sealer_ : nullptr; }
  crypto::Aead* unsealer() { return unsealer_ ? &*unsealer_ : nullptr; }

 private:
  std::shared_ptr<crypto::Signer> signer_;
  std::optional<crypto::Aead> sealer_;
  std::optional<crypto::Aead> unsealer_;
};

}  // namespace dozo::server
