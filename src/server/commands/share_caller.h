// As whom a user's file operations on a share run.
#pragma once

#include <memory>

#include "base/result.h"
#include "identity/access_token.h"
#include "runtime/task.h"
#include "server/tree.h"

namespace dozo::server {

class Server;

// STATUS_ACCESS_DENIED: the share's run_as is no account of this system.
runtime::Task<Result<ActingUser>> acting_user(Server& server, std::shared_ptr<const identity::AccessToken> token,
                                              ShareRef share);

}  // namespace dozo::server
