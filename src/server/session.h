// Session: a user, on one or several connections. [MS-SMB2] 3.3.1.8. Keys exist only once it is valid.
#pragma once

#include <atomic>
#include <boost/intrusive/list.hpp>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/assert.h"
#include "base/time.h"
#include "crypto/aead.h"
#include "crypto/kdf.h"
#include "crypto/signing.h"
#include "identity/access_token.h"
#include "model/dialect.h"
#include "model/guid.h"
#include "model/ids.h"
#include "runtime/loop.h"
#include "server/open_table.h"
#include "server/request.h"
#include "server/tree.h"

namespace dozo::server {

class Connection;
class Server;

// What the first logon settled, for every channel. Never changes: any loop reads it.
struct SessionTerms {
  Sid user;
  std::string user_name;
  Dialect dialect = Dialect::smb_2_0_2;
  Guid client_guid;
  std::optional<crypto::Cipher> cipher;  // SMB 3 with encryption
  crypto::SigningAlgorithm signing_algorithm = crypto::SigningAlgorithm::hmac_sha256;
  crypto::SessionKeys keys;
  bool is_anonymous = false;      // set up so; its keys are no secret
  bool signing_required = false;  // every request unsigned and unencrypted is refused
  bool encrypt_data = false;      // every request unencrypted is refused
};

// What a successful logon made. Terms, nonces and opens: any loop; the rest: the session's home loop.
struct ValidSession {
  explicit ValidSession(SessionTerms settled) : terms(std::move(settled)) {}
  const SessionTerms terms;
  crypto::NonceCounter nonces;  // one for all channels: they seal with one key
  OpenTable opens;
  std::shared_ptr<const identity::AccessToken> token;  // a reauthentication replaces it
  std::map<TreeId, std::shared_ptr<Tree>> trees;
};

// Held by its channels and by requests in flight. Its control state (trees, create, close, set-info) is touched on its
// home loop alone: that of the connection it was set up on, also after that connection has ended. Which connections it
// is on at the moment is the registry's to know (server/session_registry.h).
class Session {
 public:
  Session(SessionId session_id, runtime::Loop& home, Instant now)
      : id(session_id), created_at(now), last_used(now), home_(home) {}
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  const SessionId id;
  const Instant created_at;
  std::atomic<Instant> last_used;

  runtime::Loop& home() const { return home_; }

  // --- Any loop.
  bool is_valid() const { return is_valid_.load(std::memory_order_acquire); }
  // LOGOFF, a takeover, a kick or the end of its last connection came. Requests in flight and the last answer still
  // have the keys, which are wiped with the last of them.
  bool has_ended() const { return has_ended_.load(std::memory_order_acquire); }
  ValidSession& valid() {
    DOZO_ASSERT(is_valid());
    return *valid_;
  }
  const SessionTerms& terms() const {
    DOZO_ASSERT(is_valid());
    return valid_->terms;
  }

  // --- The home loop.
  // Once, before any other connection learns of it.
  ValidSession& become_valid(SessionTerms terms) {
    ValidSession& valid = valid_.emplace(std::move(terms));
    is_valid_.store(true, std::memory_order_release);
    return valid;
  }
  // Whether this was the call that ended it.
  bool mark_ended() { return !has_ended_.exchange(true, std::memory_order_acq_rel); }

  TreeId next_tree_id() { return TreeId(++last_tree_id_); }

  // Requests that are served here now; those that came on channels of other loops are visitors.
  void add_visitor(Request& request) { visitors_.push_back(request); }
  // CANCEL of a visitor, when it is there (still).
  void cancel_visitor(std::uint64_t connection_id, MessageId message);
  // Ends the waits of those of one connection whose channel is lost, or of all when the session ends.
  void cancel_visitors(std::optional<std::uint64_t> connection_id);

 private:
  runtime::Loop& home_;
  std::atomic<bool> is_valid_{false};
  std::atomic<bool> has_ended_{false};
  std::optional<ValidSession> valid_;
  std::uint32_t last_tree_id_ = 0;
  boost::intrusive::list<Request, boost::intrusive::base_hook<VisitorHook>, boost::intrusive::constant_time_size<false>>
      visitors_;
};

// Ends a session on all its channels: closes its opens and trees, ends its waits, makes its connections forget it.
// Again, or while it is ending: nothing. Called on any loop, ends on the same one. [MS-SMB2] 3.3.7.1, 3.3.5.6.
runtime::Task<void> end_session(Server& server, std::shared_ptr<Session> session, std::string_view why);

}  // namespace dozo::server
