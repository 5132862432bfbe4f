// Persistent opens and their rows in the store: written before the client hears of what they say.
#pragma once

#include "runtime/task.h"
#include "server/durable/store.h"
#include "server/open.h"

namespace dozo::server {

class Server;

// --- Each off the loop; nothing for an open that is not persistent. What fails is logged.

// The whole row as the open is now. False: it could not be written.
runtime::Task<bool> persist_open(Server& server, const Open& open);
// Its locks alone.
runtime::Task<void> persist_locks(Server& server, const Open& open);
// Opens of a share have another path now.
runtime::Task<void> persist_rename(Server& server, const Tree& tree, vfs::Path from, vfs::Path to);
// It is closed.
runtime::Task<void> unpersist(Server& server, const Open& open);

}  // namespace dozo::server
