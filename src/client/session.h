// Session: a logon on a connection. [MS-SMB2] 3.2.1.3.
#pragma once

#include <memory>
#include <string>

#include "client/connection.h"
#include "client/logon.h"
#include "client/session_security.h"
#include "identity/authenticator.h"
#include "identity/ntlm_client.h"
#include "wire/session_setup.h"

namespace dozo::client {

class Tree;

struct Credentials {
  std::string user;
  std::string domain;    // may be empty
  std::string password;  // UTF-8
};

struct SessionOptions {
  std::string workstation;  // this machine's NetBIOS name, for NTLM; may be empty
  SessionId previous;       // [MS-SMB2] 2.2.5 PreviousSessionId
  // A guest's session, and nobody's (anonymous), is neither signed nor sealed: it takes a connection that does not
  // insist on either, and whoever sits between can change everything.
  bool allow_guest = false;
  bool anonymous = false;  // the logon is nobody's, whatever the server calls the session; log_on_as knows
};

// Resource; one loop; outlived by its connection, outlives its trees.
class Session {
 public:
  // NTLMv2 in SPNEGO; our copy of the password is wiped. Errors: STATUS_LOGON_FAILURE and whatever else the server
  // says; STATUS_INVALID_SIGNATURE when its last answer is not signed with the key that both must know.
  static runtime::Task<Result<std::unique_ptr<Session>>> log_on(Connection& connection, Credentials credentials,
                                                                SessionOptions options = {});
  // The same for who keeps the password's hash.
  static runtime::Task<Result<std::unique_ptr<Session>>> log_on_with_hash(Connection& connection,
                                                                          identity::NtlmCredentials credentials,
                                                                          SessionOptions options = {});
  // With any mechanism.
  static runtime::Task<Result<std::unique_ptr<Session>>> log_on_with(Connection& connection,
                                                                     identity::SpnegoInitiator initiator,
                                                                     SessionOptions options = {});
  static runtime::Task<Result<std::unique_ptr<Session>>> log_on_as(Connection& connection, const Logon& logon,
                                                                   SessionOptions options = {});
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  Connection& connection() { return connection_; }
  SessionSecurity& security() { return *security_; }
  SessionId id() const { return id_; }
  bool is_guest() const { return flags_.has(wire::SessionFlag::is_guest); }
  wire::SessionFlags flags() const { return flags_; }

  // CONNECT to a share by its bare name, and, before 3.1.1, VALIDATE_NEGOTIATE_INFO; STATUS_ACCESS_DENIED and the end
  // of the connection when that shows a downgrade.
  runtime::Task<Result<std::unique_ptr<Tree>>> connect_tree(std::string share);
  runtime::Task<Result<>> log_off();
  // Proves again who this is, before the session expires; the keys stay. [MS-SMB2] 3.2.5.3.2
  runtime::Task<Result<>> reauthenticate(const Logon& logon);

  // A request of this session that succeeds, or the error its response carries.
  runtime::Task<Result<Response>> call(Request request, CallOptions options = {});

 private:
  struct Dialogue;
  explicit Session(Connection& connection) : connection_(connection) {}
  static runtime::Task<Result<Response>> exchange_tokens(Dialogue& dialogue);
  Result<> establish(const Dialogue& dialogue, const Response& last);
  runtime::Task<Result<>> validate_negotiate(TreeId tree);

  Connection& connection_;
  SessionId id_;
  wire::SessionFlags flags_;
  std::unique_ptr<SessionSecurity> security_;
};

}  // namespace dozo::client
