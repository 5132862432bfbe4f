#include "identity/sqlite_database.h"

#include <sqlite3.h>

#include <utility>

namespace dozo::identity {
namespace {

SqliteError error_of(sqlite3* database, int code) { return {code & 0xFF, sqlite3_errmsg(database)}; }

}  // namespace

void SqliteStatement::Finalizer::operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
void SqliteDatabase::Closer::operator()(sqlite3* database) const { sqlite3_close_v2(database); }

SqliteStatement& SqliteStatement::bind(std::string_view text) {
  const int rc =
      sqlite3_bind_text64(statement_.get(), next_parameter_++, text.data(), text.size(), SQLITE_TRANSIENT, SQLITE_UTF8);
  if (rc != SQLITE_OK) error_ = error_of(database_, rc);
  return *this;
}

SqliteStatement& SqliteStatement::bind(std::int64_t value) {
  const int rc = sqlite3_bind_int64(statement_.get(), next_parameter_++, value);
  if (rc != SQLITE_OK) error_ = error_of(database_, rc);
  return *this;
}

SqliteStatement& SqliteStatement::bind_blob(Bytes blob) {
  const int rc = sqlite3_bind_blob64(statement_.get(), next_parameter_++, blob.data(), blob.size(), SQLITE_TRANSIENT);
  if (rc != SQLITE_OK) error_ = error_of(database_, rc);
  return *this;
}

SqliteStatement& SqliteStatement::bind_null() {
  const int rc = sqlite3_bind_null(statement_.get(), next_parameter_++);
  if (rc != SQLITE_OK) error_ = error_of(database_, rc);
  return *this;
}

SqliteResult<bool> SqliteStatement::step() {
  if (error_) return std::unexpected(*error_);
  const int rc = sqlite3_step(statement_.get());
  if (rc == SQLITE_ROW) return true;
  if (rc == SQLITE_DONE) return false;
  return std::unexpected(error_of(database_, rc));
}

SqliteResult<> SqliteStatement::run() {
  for (;;) {
    const SqliteResult<bool> row = step();
    if (!row) return std::unexpected(row.error());
    if (!*row) return {};
  }
}

std::int64_t SqliteStatement::integer(int column) const { return sqlite3_column_int64(statement_.get(), column); }

std::string SqliteStatement::text(int column) const { return std::string(as_text(blob(column))); }

std::optional<std::string> SqliteStatement::optional_text(int column) const {
  if (sqlite3_column_type(statement_.get(), column) == SQLITE_NULL) return std::nullopt;
  return text(column);
}

Bytes SqliteStatement::blob(int column) const {
  // The pointer is asked for first: asking may convert the value and change its size.
  const auto* data = static_cast<const std::uint8_t*>(sqlite3_column_blob(statement_.get(), column));
  return {data, static_cast<std::size_t>(sqlite3_column_bytes(statement_.get(), column))};
}

SqliteResult<SqliteDatabase> SqliteDatabase::open(const std::string& path) {
  sqlite3* handle = nullptr;
  const int rc = sqlite3_open_v2(path.c_str(), &handle, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, nullptr);
  SqliteDatabase database;
  database.database_.reset(handle);
  if (rc != SQLITE_OK) return std::unexpected(error_of(handle, rc));
  sqlite3_busy_timeout(handle, 2000);
  return database;
}

SqliteResult<SqliteStatement> SqliteDatabase::prepare(std::string_view sql) {
  sqlite3_stmt* handle = nullptr;
  const int rc = sqlite3_prepare_v2(database_.get(), sql.data(), static_cast<int>(sql.size()), &handle, nullptr);
  if (rc != SQLITE_OK) return std::unexpected(error_of(database_.get(), rc));
  SqliteStatement statement;
  statement.statement_.reset(handle);
  statement.database_ = database_.get();
  return statement;
}

SqliteResult<> SqliteDatabase::execute(const char* sql) {
  const int rc = sqlite3_exec(database_.get(), sql, nullptr, nullptr, nullptr);
  if (rc != SQLITE_OK) return std::unexpected(error_of(database_.get(), rc));
  return {};
}

SqliteResult<std::int64_t> SqliteDatabase::query_integer(std::string_view sql) {
  SqliteResult<SqliteStatement> statement = prepare(sql);
  if (!statement) return std::unexpected(statement.error());
  const SqliteResult<bool> row = statement->step();
  if (!row) return std::unexpected(row.error());
  return *row ? statement->integer(0) : 0;
}

int SqliteDatabase::changed_rows() const { return sqlite3_changes(database_.get()); }

SqliteResult<SqliteTransaction> SqliteTransaction::begin(SqliteDatabase& database) {
  // IMMEDIATE: a second writer waits here, rather than failing half way.
  const SqliteResult<> begun = database.execute("BEGIN IMMEDIATE");
  if (!begun) return std::unexpected(begun.error());
  return SqliteTransaction(database);
}

SqliteTransaction::SqliteTransaction(SqliteTransaction&& other) noexcept
    : database_(std::exchange(other.database_, nullptr)) {}

SqliteTransaction::~SqliteTransaction() {
  if (database_ != nullptr) static_cast<void>(database_->execute("ROLLBACK"));
}

SqliteResult<> SqliteTransaction::commit() {
  SqliteResult<> done = database_->execute("COMMIT");
  if (done) database_ = nullptr;
  return done;
}

}  // namespace dozo::identity
