#include "identity/user_store_file.h"

#include <errno.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sqlite3.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "crypto/random.h"

namespace dozo::identity {
namespace {

constexpr int kApplicationId = 0x646F7A6F;  // "dozo", as `file` shows it
constexpr std::int64_t kVersion = 1;

// A file of version n becomes one of version n + 1 through kMigrations[n]. Never edited, only extended.
constexpr const char* kMigrations[kVersion] = {
    R"(CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;
       CREATE TABLE users (key TEXT PRIMARY KEY, name TEXT NOT NULL, full_name TEXT NOT NULL,
         rid INTEGER NOT NULL UNIQUE, nt_hash BLOB NOT NULL CHECK (length(nt_hash) = 16),
         unix_account TEXT, disabled INTEGER NOT NULL, created INTEGER NOT NULL,
         changed INTEGER NOT NULL) STRICT, WITHOUT ROWID;
       CREATE TABLE groups (key TEXT PRIMARY KEY, name TEXT NOT NULL, rid INTEGER NOT NULL, builtin INTEGER NOT NULL,
         UNIQUE (builtin, rid)) STRICT, WITHOUT ROWID;
       CREATE TABLE members (group_key TEXT NOT NULL REFERENCES groups (key) ON DELETE CASCADE,
         user_key TEXT NOT NULL REFERENCES users (key) ON DELETE CASCADE,
         PRIMARY KEY (group_key, user_key)) STRICT, WITHOUT ROWID;
       INSERT INTO groups VALUES ('ADMINISTRATORS', 'Administrators', 544, 1);)",
};

StoreError io_error(std::string message) { return {StoreError::Kind::io, std::move(message)}; }

StoreResult<> check_directory(const std::string& path) {
  if (mkdir(path.c_str(), 0700) != 0 && errno != EEXIST) {
    return std::unexpected(io_error(fmt::format("cannot make the state directory {}: {}", path, strerror(errno))));
  }
  struct stat info;
  if (stat(path.c_str(), &info) != 0 || !S_ISDIR(info.st_mode)) {
    return std::unexpected(io_error(fmt::format("the state directory {} is not a directory", path)));
  }
  if ((info.st_mode & 022) != 0) {
    return std::unexpected(io_error(fmt::format(
        "the state directory {} may be written by others, who could replace the users in it; run: chmod 700 {}", path,
        path)));
  }
  return {};
}

// Made before SQLite sees it, so that it never exists with other rights; the -wal and -shm files take the same mode.
StoreResult<> check_file(const std::string& path) {
  const int fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (fd < 0) return std::unexpected(io_error(fmt::format("cannot open {}: {}", path, strerror(errno))));
  struct stat info;
  const bool known = fstat(fd, &info) == 0;
  ::close(fd);
  if (!known || !S_ISREG(info.st_mode)) {
    return std::unexpected(io_error(fmt::format("{} is not a regular file", path)));
  }
  if ((info.st_mode & 077) != 0) {
    return std::unexpected(
        io_error(fmt::format("{} holds password hashes and others may read it; run: chmod 600 {}", path, path)));
  }
  return {};
}

StoreError damaged(std::string_view path, std::string_view why) {
  return {
      StoreError::Kind::damaged,
      fmt::format("the user database {} is damaged ({}); restore it from a backup, or move it away to start with no "
                  "users",
                  path, why)};
}

SqliteResult<> write_meta(SqliteDatabase& database, std::string_view key, std::string_view value) {
  SqliteResult<SqliteStatement> statement = database.prepare("INSERT INTO meta VALUES (?, ?)");
  if (!statement) return std::unexpected(statement.error());
  return statement->bind(key).bind(value).run();
}

SqliteResult<std::string> read_meta(SqliteDatabase& database, std::string_view key) {
  SqliteResult<SqliteStatement> statement = database.prepare("SELECT value FROM meta WHERE key = ?");
  if (!statement) return std::unexpected(statement.error());
  statement->bind(key);
  const SqliteResult<bool> row = statement->step();
  if (!row) return std::unexpected(row.error());
  if (!*row) return std::unexpected(SqliteError{SQLITE_CORRUPT, fmt::format("its {} is missing", key)});
  return statement->text(0);
}

// A new machine: S-1-5-21 and 96 random bits, and a random GUID of version 4.
SqliteResult<> write_machine(SqliteDatabase& database) {
  const auto random = crypto::random_bytes<12>();
  Sid sid{.authority = 5, .sub_authorities = {21}};
  for (std::size_t i = 0; i < 3; ++i) sid.sub_authorities.push_back(load_le<std::uint32_t>(random.data() + 4 * i));
  Guid guid{.bytes = crypto::random_bytes<16>()};
  guid.bytes[7] = static_cast<std::uint8_t>((guid.bytes[7] & 0x0F) | 0x40);
  guid.bytes[8] = static_cast<std::uint8_t>((guid.bytes[8] & 0x3F) | 0x80);
  SqliteResult<> done = write_meta(database, "machine_sid", to_string(sid));
  if (done) done = write_meta(database, "server_guid", to_string(guid));
  // RIDs below 1000 are Windows' own; none is ever given twice.
  if (done) done = write_meta(database, "next_rid", "1000");
  return done;
}

SqliteResult<> migrate_from(SqliteDatabase& database, std::int64_t version) {
  if (version == kVersion) return {};
  for (std::int64_t v = version; v < kVersion; ++v) {
    const SqliteResult<> done = database.execute(kMigrations[v]);
    if (!done) return done;
  }
  if (version == 0) {
    const SqliteResult<> done = write_machine(database);
    if (!done) return done;
  }
  return database.execute(
      fmt::format("PRAGMA application_id = {}; PRAGMA user_version = {}", kApplicationId, kVersion).c_str());
}

SqliteResult<> configure(SqliteDatabase& database) {
  // Password hashes: what is deleted is overwritten. A schema somebody else prepared runs no functions.
  return database.execute(
      "PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON; PRAGMA secure_delete = ON; PRAGMA foreign_keys = ON;"
      "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL");
}

StoreResult<> check_version(SqliteDatabase& database, std::string_view path, std::int64_t version) {
  const SqliteResult<std::int64_t> id = database.query_integer("PRAGMA application_id");
  const SqliteResult<std::int64_t> tables = database.query_integer("SELECT count(*) FROM sqlite_schema");
  if (!id || !tables) return std::unexpected(store_error(id ? tables.error() : id.error(), path));
  const bool empty = version == 0 && *tables == 0;
  if (!empty && *id != kApplicationId) return std::unexpected(damaged(path, "it is some other program's database"));
  if (version > kVersion) {
    return std::unexpected(StoreError{
        StoreError::Kind::too_new, fmt::format("the user database {} is of version {}, this program knows {}; use the "
                                               "newer program that wrote it",
                                               path, version, kVersion)});
  }
  return {};
}

StoreResult<> check_content(SqliteDatabase& database, std::string_view path) {
  SqliteResult<SqliteStatement> check = database.prepare("PRAGMA quick_check(1)");
  if (!check) return std::unexpected(store_error(check.error(), path));
  const SqliteResult<bool> row = check->step();
  if (!row) return std::unexpected(store_error(row.error(), path));
  if (check->text(0) != "ok") return std::unexpected(damaged(path, check->text(0)));
  return {};
}

StoreResult<> bring_up_to_date(SqliteDatabase& database, std::string_view path) {
  const auto failed = [&](const SqliteError& error) { return std::unexpected(store_error(error, path)); };
  SqliteResult<> configured = configure(database);
  if (!configured) return failed(configured.error());
  // Two processes may make the store at once: what is there is looked at under the write lock.
  SqliteResult<SqliteTransaction> transaction = SqliteTransaction::begin(database);
  if (!transaction) return failed(transaction.error());
  const SqliteResult<std::int64_t> version = database.query_integer("PRAGMA user_version");
  if (!version) return failed(version.error());
  if (const StoreResult<> known = check_version(database, path, *version); !known) return known;
  if (const SqliteResult<> done = migrate_from(database, *version); !done) return failed(done.error());
  if (const SqliteResult<> done = transaction->commit(); !done) return failed(done.error());
  return check_content(database, path);
}

SqliteResult<MachineIdentity> load_machine(SqliteDatabase& database) {
  const SqliteResult<std::string> sid = read_meta(database, "machine_sid");
  if (!sid) return std::unexpected(sid.error());
  const SqliteResult<std::string> guid = read_meta(database, "server_guid");
  if (!guid) return std::unexpected(guid.error());
  const std::optional<Sid> parsed_sid = sid_from_string(*sid);
  const std::optional<Guid> parsed_guid = guid_from_string(*guid);
  if (!parsed_sid || !parsed_guid) {
    return std::unexpected(SqliteError{SQLITE_CORRUPT, "its machine SID or server GUID cannot be read"});
  }
  return MachineIdentity{*parsed_sid, *parsed_guid};
}

WallTime wall_time(std::int64_t ns) { return WallTime(Duration(ns)); }

SqliteResult<std::vector<User>> load_users(SqliteDatabase& database) {
  SqliteResult<SqliteStatement> rows =
      database.prepare("SELECT name, full_name, rid, nt_hash, unix_account, disabled, created, changed FROM users");
  if (!rows) return std::unexpected(rows.error());
  std::vector<User> users;
  for (;;) {
    const SqliteResult<bool> row = rows->step();
    if (!row) return std::unexpected(row.error());
    if (!*row) return users;
    if (rows->blob(3).size() != 16) {
      return std::unexpected(SqliteError{SQLITE_CORRUPT, "a password hash has the wrong length"});
    }
    users.push_back({.name = rows->text(0),
                     .full_name = rows->text(1),
                     .rid = static_cast<std::uint32_t>(rows->integer(2)),
                     .nt_hash = crypto::NtHash(rows->blob(3)),
                     .unix_account = rows->optional_text(4),
                     .disabled = rows->integer(5) != 0,
                     .created = wall_time(rows->integer(6)),
                     .changed = wall_time(rows->integer(7))});
  }
}

SqliteResult<std::vector<Group>> load_groups(SqliteDatabase& database) {
  SqliteResult<SqliteStatement> rows = database.prepare(
      "SELECT g.name, g.rid, g.builtin, u.name FROM groups g LEFT JOIN members m ON m.group_key = g.key "
      "LEFT JOIN users u ON u.key = m.user_key ORDER BY g.key, u.key");
  if (!rows) return std::unexpected(rows.error());
  std::vector<Group> groups;
  for (;;) {
    const SqliteResult<bool> row = rows->step();
    if (!row) return std::unexpected(row.error());
    if (!*row) return groups;
    if (groups.empty() || groups.back().name != rows->text(0)) {
      groups.push_back({.name = rows->text(0),
                        .rid = static_cast<std::uint32_t>(rows->integer(1)),
                        .builtin = rows->integer(2) != 0,
                        .members = {}});
    }
    if (std::optional<std::string> member = rows->optional_text(3)) groups.back().members.push_back(std::move(*member));
  }
}

}  // namespace

std::string user_database_path(std::string_view state_directory) { return fmt::format("{}/users.db", state_directory); }

StoreError store_error(const SqliteError& error, std::string_view path) {
  switch (error.code) {
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
    case SQLITE_FORMAT:
      return damaged(path, error.text);
    case SQLITE_BUSY:
      return io_error(fmt::format("the user database {} is in use by another program; try again", path));
    case SQLITE_READONLY:
    case SQLITE_CANTOPEN:
    case SQLITE_PERM:
      return io_error(
          fmt::format("the user database {} cannot be written ({}); run this as its owner", path, error.text));
    case SQLITE_FULL:
      return io_error(fmt::format("the disk with {} is full", path));
    default:
      return io_error(fmt::format("the user database {}: {}", path, error.text));
  }
}

StoreResult<SqliteDatabase> open_user_database(const std::string& state_directory) {
  const std::string path = user_database_path(state_directory);
  if (const StoreResult<> ok = check_directory(state_directory); !ok) return std::unexpected(ok.error());
  if (const StoreResult<> ok = check_file(path); !ok) return std::unexpected(ok.error());
  SqliteResult<SqliteDatabase> database = SqliteDatabase::open(path);
  if (!database) return std::unexpected(store_error(database.error(), path));
  if (const StoreResult<> ok = bring_up_to_date(*database, path); !ok) return std::unexpected(ok.error());
  return std::move(*database);
}

SqliteResult<std::shared_ptr<const UserSnapshot>> load_snapshot(SqliteDatabase& database) {
  // One read transaction, so that users and groups are of one moment.
  const SqliteResult<> begun = database.execute("BEGIN");
  if (!begun) return std::unexpected(begun.error());
  SqliteResult<MachineIdentity> machine = load_machine(database);
  SqliteResult<std::vector<User>> users = load_users(database);
  SqliteResult<std::vector<Group>> groups = load_groups(database);
  static_cast<void>(database.execute("ROLLBACK"));
  if (!machine) return std::unexpected(machine.error());
  if (!users) return std::unexpected(users.error());
  if (!groups) return std::unexpected(groups.error());
  return std::make_shared<const UserSnapshot>(std::move(*machine), std::move(*users), std::move(*groups));
}

}  // namespace dozo::identity
