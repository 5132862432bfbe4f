// Persistent opens and their rows in the store: written before the client hears of what they say.
#pragma once

#include <optional>

#include "runtime/task.h"
#include "server/durable/store.h"
#include "server/open.h"

namespace dozo::server {

class Server;

// --- Each off the loop; nothing where no open is persistent. What fails is logged. What the share engine knows is
// stored as it is when it is written; an open that is in the engine no more has no row.

// The whole row. False: it could not be written.
runtime::Task<bool> persist_open(Server& server, const Open& open);
// Its locks, and which requests have been done.
runtime::Task<void> persist_locks(Server& server, const Open& open);
// What the opens of a file cache, and whether it goes: after an acknowledgement, a CREATE under the same lease, a
// disposition. nullopt: of all files, for time has passed.
runtime::Task<void> persist_states(Server& server, std::optional<share::FileIdentity> file);
// Opens of a share have another path now.
runtime::Task<void> persist_rename(Server& server, const Tree& tree, vfs::Path from, vfs::Path to);
// It is closed.
runtime::Task<void> unpersist(Server& server, const Open& open);

}  // namespace dozo::server
