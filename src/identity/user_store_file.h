// The file of the user store: where it lies, who may read it, its tables. Only for sources of this layer.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "identity/sqlite_database.h"
#include "identity/user_store.h"

namespace dozo::identity {

// Makes or checks the directory and the file, opens the database, and brings its tables to the current version.
StoreResult<SqliteDatabase> open_user_database(const std::string& state_directory);

// Reads everything. Damaged rows are errors, not gaps.
SqliteResult<std::shared_ptr<const UserSnapshot>> load_snapshot(SqliteDatabase& database);

// What went wrong with the file at `path`, to a person.
StoreError store_error(const SqliteError& error, std::string_view path);

std::string user_database_path(std::string_view state_directory);

}  // namespace dozo::identity
