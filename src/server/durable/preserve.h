// Opens whose connection is gone: kept for their client, and ended when it does not come back. [MS-SMB2] 3.3.7.1,
// 3.3.6.2.
#pragma once

#include "runtime/task.h"
#include "server/open.h"

namespace dozo::server {

class Server;

// The open is out of its session's table already; on its loop. Whether it waits for its client now; if not, it is to be
// closed.
bool preserve_open(Server& server, Open& open);

// An open nobody but the caller knows becomes a disconnected one. False: the engine has other plans.
bool park_open(Server& server, const OpenRef& open, Instant until);

// At the end of the server: every disconnected open is closed. Persistent ones end in memory, and stay in the store.
runtime::Task<void> close_preserved_opens(Server& server);

}  // namespace dozo::server
