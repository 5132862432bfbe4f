// Persistent opens after a restart of the server. [MS-SMB2] 3.3.5.9.12; 3.3.5.9 holds others off meanwhile.
#pragma once

#include "runtime/task.h"

namespace dozo::server {

class Server;

// Before any client is served; on any loop. Every open of the store is opened again as its owner, with its locks and
// what it cached, and waits for its client for as long as it was promised. What cannot be opened any more is logged,
// and forgotten.
runtime::Task<void> restore_persistent_opens(Server& server);

}  // namespace dozo::server
