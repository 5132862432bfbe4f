// The rows of PersistentStore: its tables, and a PersistentOpen to and from them. Only for store.cc.
#pragma once

#include <optional>

#include "identity/sqlite_database.h"
#include "server/durable/store.h"

namespace dozo::server {

// Brings the tables of a new or older file to this version.
identity::SqliteResult<> prepare_store(identity::SqliteDatabase& database);

identity::SqliteResult<> write_open(identity::SqliteDatabase& database, const PersistentOpen& open);
// Nothing of an open that is not there.
identity::SqliteResult<> write_locks(identity::SqliteDatabase& database, std::uint64_t id,
                                     const share::HeldLocks& held);
identity::SqliteResult<> write_state(identity::SqliteDatabase& database, const PersistentState& state);
identity::SqliteResult<std::vector<PersistentOpen>> read_opens(identity::SqliteDatabase& database);

// Components with '/' between them, which none contains.
std::string path_text(const vfs::Path& path);

}  // namespace dozo::server
