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

// Whether one more dialogue may begin on the connection: sessions and logons in progress are bounded.
bool may_log_on(const Connection& connection);

// A dialogue with every mechanism that the settings allow. Its preauthentication hash starts as the connection's.
Logon begin_logon(Connection& connection);

// The mechanism has said its last: `status` is its verdict. On success finds the user's token, off the loop.
runtime::Task<LogonOutcome> finish_logon(Connection& connection, std::shared_ptr<Channel> channel, NtStatus status);

// Keys and algorithms of the new session. [MS-SMB2] 3.3.5.5.3.
SessionTerms settle_terms(const Connection& connection, const Logon& logon, const identity::AccessToken& token,
                          bool client_requires_signing);

void audit_logon(const Connection& connection, const identity::LogonReport& report, SessionId session, NtStatus status);

// The user as they are now; may block. STATUS_LOGON_FAILURE, STATUS_NO_SUCH_USER.
Result<std::shared_ptr<const identity::AccessToken>> find_token(Server& server, const std::string& account);

}  // namespace dozo::server
