// Session: a user on a connection. [MS-SMB2] 3.3.1.8. A variant of its states: keys exist only in the valid one.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <variant>
#include <vector>

#include "base/assert.h"
#include "base/time.h"
#include "crypto/aead.h"
#include "crypto/kdf.h"
#include "crypto/preauth.h"
#include "crypto/signing.h"
#include "identity/access_token.h"
#include "identity/authenticator.h"
#include "model/ids.h"
#include "server/open_table.h"
#include "server/tree.h"

namespace dozo::server {

class Connection;

// A logon in progress: the first one, or a reauthentication of a valid session.
struct Logon {
  identity::SpnegoAcceptor acceptor;
  crypto::PreauthHash preauth;
};

// What a successful logon made.
struct ValidSession {
  std::shared_ptr<const identity::AccessToken> token;
  crypto::SessionKeys keys;
  crypto::Signer signer;
  std::optional<crypto::Aead> sealer;    // SMB 3 with a cipher
  std::optional<crypto::Aead> unsealer;
  std::shared_ptr<crypto::NonceCounter> nonces;
  bool signing_required = false;  // every request unsigned and unencrypted is refused
  bool encrypt_data = false;      // every request unencrypted is refused
  std::map<TreeId, std::shared_ptr<Tree>> trees;
  OpenTable opens;
  std::optional<Logon> reauthentication;
};

// Owned by its connection's table; requests in flight hold a reference. One loop, its home.
class Session {
 public:
  Session(SessionId session_id, Connection& home, Instant now)
      : id(session_id), created_at(now), last_used(now), home_(&home) {}
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  const SessionId id;
  const Instant created_at;
  Instant last_used;

  bool is_valid() const { return std::holds_alternative<ValidSession>(state_); }
  bool is_establishing() const { return std::holds_alternative<Logon>(state_); }
  // LOGOFF, a takeover, a kick or the connection's end came. Requests in flight and the last answer still have the
  // keys.
  bool has_ended() const { return ended_; }
  ValidSession& valid() {
    DOZO_ASSERT(is_valid());
    return std::get<ValidSession>(state_);
  }
  Logon& logon() {
    DOZO_ASSERT(is_establishing());
    return std::get<Logon>(state_);
  }
  void begin_logon(Logon logon) { state_.emplace<Logon>(std::move(logon)); }
  void become_valid(ValidSession valid) { state_.emplace<ValidSession>(std::move(valid)); }
  // Its connection forgets it at the same time; the keys are wiped with the last request that holds it.
  void mark_ended() { ended_ = true; }

  // The connection the session lives on; stays valid while a request of the session is served.
  Connection& connection() { return *home_; }

  TreeId next_tree_id() { return TreeId(++last_tree_id_); }

 private:
  std::variant<std::monostate, Logon, ValidSession> state_;
  Connection* home_;
  std::uint32_t last_tree_id_ = 0;
  bool ended_ = false;
};

}  // namespace dozo::server
