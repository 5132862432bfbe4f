// What SESSION_SETUP needs of a logon: beginning it, and turning its result into a valid session.
#pragma once

#include <memory>

#include "runtime/task.h"
#include "server/connection.h"

namespace dozo::server {

// How a logon ended.
struct LogonOutcome {
  NtStatus status = NtStatus::SUCCESS;
  identity::LogonReport report;
  std::shared_ptr<const identity::AccessToken> token;  // on success
};

// A dialogue with every mechanism that the settings allow. Its preauthentication hash starts as the connection's.
Logon begin_logon(Connection& connection);

// The mechanism has said its last: `status` is its verdict. On success finds the user's token, off the loop.
runtime::Task<LogonOutcome> finish_logon(Connection& connection, std::shared_ptr<Session> session, NtStatus status);

// Keys, signer and ciphers from the logon. [MS-SMB2] 3.3.5.5.3.
ValidSession make_valid(const Connection& connection, const Logon& logon,
                        std::shared_ptr<const identity::AccessToken> token, bool client_requires_signing);

void audit_logon(const Connection& connection, const identity::LogonReport& report, SessionId session, NtStatus status);

// Ends a session of `connection`, if it is there and `user`'s. On the connection's loop.
runtime::Task<void> end_session_of_user(std::shared_ptr<Connection> connection, SessionId session, std::string user);

// The user as they are now; may block. STATUS_LOGON_FAILURE, STATUS_NO_SUCH_USER.
Result<std::shared_ptr<const identity::AccessToken>> find_token(Server& server, const std::string& account);

}  // namespace dozo::server
