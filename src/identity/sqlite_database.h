// SQLite with owned handles and results instead of codes. For this layer and for the
// server's store of persistent handles.
#pragma once

#include <cstdint>
#include <expected>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.h"

struct sqlite3;
struct sqlite3_stmt;

namespace dozo::identity {

struct SqliteError {
  int code = 0;  // SQLITE_…, primary code
  std::string text;
};
template <class T = void>
using SqliteResult = std::expected<T, SqliteError>;

// One prepared statement, run once: bind in order, step until no row.
class SqliteStatement {
 public:
  SqliteStatement& bind(std::string_view text);
  SqliteStatement& bind(std::int64_t value);
  SqliteStatement& bind_blob(Bytes blob);
  SqliteStatement& bind_null();

  SqliteResult<bool> step();  // whether there is a row
  SqliteResult<> run();       // for statements without rows

  std::int64_t integer(int column) const;
  std::string text(int column) const;
  std::optional<std::string> optional_text(int column) const;
  Bytes blob(int column) const;  // valid until the next step

 private:
  friend class SqliteDatabase;
  struct Finalizer {
    void operator()(sqlite3_stmt* statement) const;
  };
  std::unique_ptr<sqlite3_stmt, Finalizer> statement_;
  sqlite3* database_ = nullptr;
  int next_parameter_ = 1;
  std::optional<SqliteError> error_;
};

// A connection. Not thread-safe.
class SqliteDatabase {
 public:
  static SqliteResult<SqliteDatabase> open(const std::string& path);

  SqliteResult<SqliteStatement> prepare(std::string_view sql);
  SqliteResult<> execute(const char* sql);  // one or more statements without parameters
  SqliteResult<std::int64_t> query_integer(std::string_view sql);
  int changed_rows() const;

 private:
  struct Closer {
    void operator()(sqlite3* database) const;
  };
  std::unique_ptr<sqlite3, Closer> database_;
};

// A transaction: rolled back unless committed.
class SqliteTransaction {
 public:
  static SqliteResult<SqliteTransaction> begin(SqliteDatabase& database);
  ~SqliteTransaction();
  SqliteTransaction(SqliteTransaction&& other) noexcept;
  SqliteTransaction& operator=(SqliteTransaction&&) = delete;
  SqliteResult<> commit();

 private:
  explicit SqliteTransaction(SqliteDatabase& database) : database_(&database) {}
  SqliteDatabase* database_;
};

}  // namespace dozo::identity
