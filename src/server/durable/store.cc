#include "server/durable/store.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sqlite3.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>

#include "base/log.h"
#include "server/durable/store_rows.h"

namespace dozo::server {
namespace {

using identity::SqliteDatabase;
using identity::SqliteResult;
using identity::SqliteStatement;
using identity::SqliteTransaction;

std::unexpected<std::string> failed(const identity::SqliteError& error) {
  return std::unexpected(fmt::format("the store of persistent handles: {}", error.text));
}

StoreResult answer(const SqliteResult<>& result) {
  if (!result) return failed(result.error());
  return {};
}

// As its owner alone reads it, whatever the umask.
StoreResult make_file(const std::string& path) {
  const int fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (fd < 0) return std::unexpected(fmt::format("{}: {}", path, std::strerror(errno)));
  ::close(fd);
  return {};
}

bool is_damaged(const identity::SqliteError& error) {
  return error.code == SQLITE_CORRUPT || error.code == SQLITE_NOTADB || error.code == SQLITE_FORMAT;
}

SqliteResult<SqliteDatabase> open_database(const std::string& path) {
  SqliteResult<SqliteDatabase> database = SqliteDatabase::open(path);
  if (!database) return database;
  if (SqliteResult<> done = prepare_store(*database); !done) return std::unexpected(done.error());
  return database;
}

void put_aside(const std::string& path, const identity::SqliteError& error) {
  log::error("handles_lost", "{} is damaged ({}): it is kept as {}.damaged, and no handle of before is known", path,
             error.text, path);
  for (const char* suffix : {"", "-wal", "-shm"}) {
    const std::string name = path + suffix;
    static_cast<void>(std::rename(name.c_str(), (path + ".damaged" + suffix).c_str()));
  }
}

}  // namespace

PersistentStore::PersistentStore() = default;
PersistentStore::~PersistentStore() = default;

std::expected<std::unique_ptr<PersistentStore>, std::string> PersistentStore::open(const std::string& state_directory) {
  const std::string path = state_directory + "/handles.db";
  if (const StoreResult made = make_file(path); !made) return std::unexpected(made.error());
  SqliteResult<SqliteDatabase> database = open_database(path);
  if (!database && is_damaged(database.error())) {
    put_aside(path, database.error());
    if (const StoreResult made = make_file(path); !made) return std::unexpected(made.error());
    database = open_database(path);
  }
  if (!database) return failed(database.error());
  std::unique_ptr<PersistentStore> store(new PersistentStore);
  const MutexLock lock(store->mutex_);
  store->database_ = std::make_unique<SqliteDatabase>(std::move(*database));
  if (const StoreResult looked = store->look_whether_empty(); !looked) return std::unexpected(looked.error());
  return store;
}

StoreResult PersistentStore::look_whether_empty() {
  const SqliteResult<std::int64_t> any = database_->query_integer("SELECT EXISTS (SELECT 1 FROM opens)");
  if (!any) return failed(any.error());
  empty_.store(*any == 0);
  return {};
}

StoreResult PersistentStore::write(const PersistentOpen& open) {
  SqliteResult<SqliteTransaction> transaction = SqliteTransaction::begin(*database_);
  if (!transaction) return failed(transaction.error());
  if (const SqliteResult<> done = write_open(*database_, open); !done) return failed(done.error());
  return answer(transaction->commit());
}

StoreResult PersistentStore::write(const std::vector<PersistentLocks>& locks) {
  SqliteResult<SqliteTransaction> transaction = SqliteTransaction::begin(*database_);
  if (!transaction) return failed(transaction.error());
  for (const auto& [id, held] : locks) {
    if (const SqliteResult<> done = write_locks(*database_, id, held); !done) return failed(done.error());
  }
  return answer(transaction->commit());
}

StoreResult PersistentStore::write(const std::vector<PersistentState>& states) {
  SqliteResult<SqliteTransaction> transaction = SqliteTransaction::begin(*database_);
  if (!transaction) return failed(transaction.error());
  for (const PersistentState& state : states) {
    if (const SqliteResult<> done = write_state(*database_, state); !done) return failed(done.error());
  }
  return answer(transaction->commit());
}

StoreResult PersistentStore::rename(const std::string& share, const vfs::Path& from, const vfs::Path& to) {
  const MutexLock lock(mutex_);
  SqliteResult<SqliteStatement> change = database_->prepare("UPDATE opens SET path = ? WHERE share = ? AND path = ?");
  if (!change) return failed(change.error());
  return answer(change->bind(path_text(to)).bind(share).bind(path_text(from)).run());
}

StoreResult PersistentStore::erase(std::uint64_t id) {
  const MutexLock lock(mutex_);
  SqliteResult<SqliteStatement> erased = database_->prepare("DELETE FROM opens WHERE id = ?");
  if (!erased) return failed(erased.error());
  const SqliteResult<> done = erased->bind(static_cast<std::int64_t>(id)).run();
  if (!done) return failed(done.error());
  return look_whether_empty();
}

std::expected<std::vector<PersistentOpen>, std::string> PersistentStore::load() {
  const MutexLock lock(mutex_);
  SqliteResult<std::vector<PersistentOpen>> opens = read_opens(*database_);
  if (!opens) return failed(opens.error());
  return std::move(*opens);
}

}  // namespace dozo::server
