#include "server/durable/store_rows.h"

#include <fmt/format.h>
#include <sqlite3.h>

#include <algorithm>
#include <iterator>
#include <map>

#include "base/log.h"

namespace dozo::server {
namespace {

using identity::SqliteDatabase;
using identity::SqliteResult;
using identity::SqliteStatement;

constexpr int kApplicationId = 0x646F7A68;  // "dozh", as `file` shows it

// What makes each version of the one before it.
constexpr const char* kSteps[] = {R"(
  CREATE TABLE opens (id INTEGER PRIMARY KEY, share TEXT NOT NULL, path TEXT NOT NULL, stream TEXT NOT NULL,
    device INTEGER NOT NULL, inode INTEGER NOT NULL, granted INTEGER NOT NULL, options INTEGER NOT NULL,
    desired INTEGER NOT NULL, share_access INTEGER NOT NULL, action INTEGER NOT NULL, user TEXT NOT NULL,
    owner TEXT NOT NULL, client BLOB NOT NULL, create_guid BLOB NOT NULL, timeout_ms INTEGER NOT NULL,
    oplock INTEGER NOT NULL, lease_key BLOB, lease_parent BLOB, lease_state INTEGER NOT NULL,
    lease_epoch INTEGER NOT NULL, lease_v2 INTEGER NOT NULL, app_instance BLOB, app_high INTEGER, app_low INTEGER,
    delete_pending INTEGER NOT NULL) STRICT;
  CREATE TABLE locks (open INTEGER NOT NULL REFERENCES opens (id) ON DELETE CASCADE, start INTEGER NOT NULL,
    length INTEGER NOT NULL, exclusive INTEGER NOT NULL) STRICT;
  CREATE INDEX locks_of_open ON locks (open);)",
                                  R"(
  CREATE TABLE sequences (open INTEGER NOT NULL REFERENCES opens (id) ON DELETE CASCADE, slot INTEGER NOT NULL,
    number INTEGER NOT NULL, PRIMARY KEY (open, slot)) STRICT, WITHOUT ROWID;)"};
constexpr auto kVersion = static_cast<std::int64_t>(std::size(kSteps));

// SQLite's integers are signed.
std::int64_t to_signed(std::uint64_t value) { return static_cast<std::int64_t>(value); }
std::uint64_t to_unsigned(std::int64_t value) { return static_cast<std::uint64_t>(value); }
std::uint32_t to_u32(std::int64_t value) { return static_cast<std::uint32_t>(value); }

void bind_guid(SqliteStatement& statement, const std::optional<Guid>& guid) {
  if (guid) {
    statement.bind_blob(guid->bytes);
  } else {
    statement.bind_null();
  }
}

std::optional<Guid> guid_of(const SqliteStatement& row, int column) {
  const Bytes blob = row.blob(column);
  Guid out;
  if (blob.size() != out.bytes.size()) return std::nullopt;
  std::ranges::copy(blob, out.bytes.begin());
  return out;
}

std::optional<vfs::Path> path_of(std::string_view text) {
  vfs::Path out;
  while (!text.empty()) {
    const std::size_t cut = std::min(text.find('/'), text.size());
    const std::string_view component = text.substr(0, cut);
    if (component.empty() || component == "." || component == ".." || component.find('\0') != text.npos) {
      return std::nullopt;
    }
    out.emplace_back(component);
    text.remove_prefix(std::min(cut + 1, text.size()));
  }
  return out;
}

void bind_lease(SqliteStatement& row, const std::optional<share::LeaseRequest>& lease) {
  bind_guid(row, lease ? std::optional(lease->key) : std::nullopt);
  bind_guid(row, lease ? lease->parent_key : std::nullopt);
  row.bind(lease ? std::int64_t{lease->state.bits()} : 0);
  row.bind(lease ? std::int64_t{lease->epoch} : 0);
  row.bind(std::int64_t{lease && lease->v2});
}

void bind_version(SqliteStatement& row, const std::optional<AppInstanceVersion>& version) {
  if (!version) {
    row.bind_null().bind_null();
    return;
  }
  row.bind(to_signed(version->high)).bind(to_signed(version->low));
}

std::optional<share::LeaseRequest> lease_of(const SqliteStatement& row) {
  const std::optional<Guid> key = guid_of(row, 17);
  if (!key) return std::nullopt;
  return share::LeaseRequest{.key = *key,
                             .state = LeaseState::from_wire(to_u32(row.integer(19)) & 7),
                             .parent_key = guid_of(row, 18),
                             .epoch = static_cast<std::uint16_t>(row.integer(20)),
                             .v2 = row.integer(21) != 0};
}

std::optional<DurableHandle> handle_of(const SqliteStatement& row) {
  const std::optional<Sid> owner = sid_from_string(row.text(12));
  const std::optional<Guid> client = guid_of(row, 13);
  const std::optional<Guid> create = guid_of(row, 14);
  if (!owner || !client || !create) return std::nullopt;
  DurableHandle out;
  out.is_durable = out.is_persistent = true;
  out.durable_timeout = std::chrono::milliseconds(std::clamp<std::int64_t>(row.integer(15), 0, 300'000));
  out.owner = *owner;
  out.client_guid = *client;
  out.create_guid = *create;
  out.lease = lease_of(row);
  out.app_instance = guid_of(row, 22);
  if (row.optional_text(23)) out.app_version = {to_unsigned(row.integer(23)), to_unsigned(row.integer(24))};
  out.desired_access = AccessMask::from_wire(to_u32(row.integer(8)));
  out.create_options = CreateOptions::from_wire(to_u32(row.integer(7)));
  out.owner_name = row.text(11);
  out.share_access = ShareAccess::from_wire(to_u32(row.integer(9)) & 7);
  out.action = static_cast<CreateAction>(row.integer(10) & 3);
  return out;
}

std::optional<PersistentOpen> open_of(const SqliteStatement& row) {
  const std::optional<vfs::Path> path = path_of(row.text(2));
  const std::optional<DurableHandle> handle = handle_of(row);
  if (!path || path->empty() || !handle) return std::nullopt;
  PersistentOpen out;
  out.id = to_unsigned(row.integer(0));
  out.share = row.text(1);
  out.path = *path;
  out.stream = row.text(3);
  out.node = {to_unsigned(row.integer(4)), to_unsigned(row.integer(5))};
  out.granted = AccessMask::from_wire(to_u32(row.integer(6)));
  out.handle = *handle;
  const std::int64_t oplock = row.integer(16);
  const bool known = oplock == 0 || oplock == 1 || oplock == 8 || oplock == 9 || (oplock == 0xFF && handle->lease);
  if (!known) return std::nullopt;
  out.oplock = static_cast<OplockLevel>(oplock);
  out.delete_pending = row.integer(25) != 0;
  return out;
}

SqliteResult<> read_locks(SqliteDatabase& database, std::map<std::uint64_t, PersistentOpen>& opens) {
  SqliteResult<SqliteStatement> rows = database.prepare("SELECT open, start, length, exclusive FROM locks");
  if (!rows) return std::unexpected(rows.error());
  for (;;) {
    const SqliteResult<bool> more = rows->step();
    if (!more) return std::unexpected(more.error());
    if (!*more) return {};
    const auto open = opens.find(to_unsigned(rows->integer(0)));
    if (open == opens.end()) continue;
    open->second.held.locks.push_back({.offset = to_unsigned(rows->integer(1)),
                                       .length = to_unsigned(rows->integer(2)),
                                       .exclusive = rows->integer(3) != 0});
  }
}

SqliteResult<> read_sequences(SqliteDatabase& database, std::map<std::uint64_t, PersistentOpen>& opens) {
  SqliteResult<SqliteStatement> rows = database.prepare("SELECT open, slot, number FROM sequences");
  if (!rows) return std::unexpected(rows.error());
  for (;;) {
    const SqliteResult<bool> more = rows->step();
    if (!more) return std::unexpected(more.error());
    if (!*more) return {};
    const auto open = opens.find(to_unsigned(rows->integer(0)));
    if (open == opens.end()) continue;
    // [MS-SMB2] 2.2.26: a number of four bits.
    const auto number = static_cast<std::uint8_t>(rows->integer(2) & 0xF);
    open->second.held.sequences.push_back({.index = to_u32(rows->integer(1)), .number = number});
  }
}

SqliteResult<> run_for(SqliteDatabase& database, const char* sql, std::uint64_t id) {
  SqliteResult<SqliteStatement> statement = database.prepare(sql);
  if (!statement) return std::unexpected(statement.error());
  return statement->bind(to_signed(id)).run();
}

SqliteResult<bool> is_there(SqliteDatabase& database, std::uint64_t id) {
  SqliteResult<SqliteStatement> found = database.prepare("SELECT 1 FROM opens WHERE id = ?");
  if (!found) return std::unexpected(found.error());
  return found->bind(to_signed(id)).step();
}

}  // namespace

std::string path_text(const vfs::Path& path) { return fmt::format("{}", fmt::join(path, "/")); }

SqliteResult<> prepare_store(SqliteDatabase& database) {
  SqliteResult<> configured = database.execute(
      "PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON; PRAGMA foreign_keys = ON; PRAGMA journal_mode = WAL;"
      "PRAGMA synchronous = FULL");
  if (!configured) return configured;
  const SqliteResult<std::int64_t> version = database.query_integer("PRAGMA user_version");
  if (!version) return std::unexpected(version.error());
  if (*version == kVersion) return {};
  if (*version < 0 || *version > kVersion) {
    return std::unexpected(identity::SqliteError{SQLITE_FORMAT, "it is of a later version"});
  }
  SqliteResult<identity::SqliteTransaction> transaction = identity::SqliteTransaction::begin(database);
  if (!transaction) return std::unexpected(transaction.error());
  const std::string marks =
      fmt::format("PRAGMA application_id = {}; PRAGMA user_version = {}", kApplicationId, kVersion);
  for (auto step = static_cast<std::size_t>(*version); step < std::size(kSteps); ++step) {
    if (SqliteResult<> done = database.execute(kSteps[step]); !done) return done;
  }
  if (SqliteResult<> done = database.execute(marks.c_str()); !done) return done;
  return transaction->commit();
}

SqliteResult<> write_open(SqliteDatabase& database, const PersistentOpen& open) {
  SqliteResult<SqliteStatement> row =
      database.prepare("INSERT OR REPLACE INTO opens VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)");
  if (!row) return std::unexpected(row.error());
  const DurableHandle& handle = open.handle;
  row->bind(to_signed(open.id)).bind(open.share).bind(path_text(open.path)).bind(open.stream);
  row->bind(to_signed(open.node.device)).bind(to_signed(open.node.inode));
  row->bind(std::int64_t{open.granted.bits()}).bind(std::int64_t{open.handle.create_options.bits()});
  row->bind(std::int64_t{handle.desired_access.bits()}).bind(std::int64_t{handle.share_access.bits()});
  row->bind(static_cast<std::int64_t>(handle.action)).bind(handle.owner_name).bind(to_string(handle.owner));
  bind_guid(*row, handle.client_guid);
  bind_guid(*row, handle.create_guid);
  row->bind(std::chrono::duration_cast<std::chrono::milliseconds>(handle.durable_timeout).count());
  row->bind(static_cast<std::int64_t>(open.oplock));
  bind_lease(*row, handle.lease);
  bind_guid(*row, handle.app_instance);
  bind_version(*row, handle.app_version);
  row->bind(std::int64_t{open.delete_pending});
  if (SqliteResult<> done = row->run(); !done) return done;
  return write_locks(database, open.id, open.held);
}

SqliteResult<> write_locks(SqliteDatabase& database, std::uint64_t id, const share::HeldLocks& held) {
  const SqliteResult<bool> known = is_there(database, id);
  if (!known) return std::unexpected(known.error());
  if (!*known) return {};
  for (const char* sql : {"DELETE FROM locks WHERE open = ?", "DELETE FROM sequences WHERE open = ?"}) {
    if (SqliteResult<> done = run_for(database, sql, id); !done) return done;
  }
  for (const share::LockInfo& lock : held.locks) {
    SqliteResult<SqliteStatement> row = database.prepare("INSERT INTO locks VALUES (?,?,?,?)");
    if (!row) return std::unexpected(row.error());
    row->bind(to_signed(id)).bind(to_signed(lock.offset)).bind(to_signed(lock.length));
    if (SqliteResult<> done = row->bind(std::int64_t{lock.exclusive}).run(); !done) return done;
  }
  for (const share::LockSequence& sequence : held.sequences) {
    SqliteResult<SqliteStatement> row = database.prepare("INSERT INTO sequences VALUES (?,?,?)");
    if (!row) return std::unexpected(row.error());
    row->bind(to_signed(id)).bind(std::int64_t{sequence.index}).bind(std::int64_t{sequence.number});
    if (SqliteResult<> done = row->run(); !done) return done;
  }
  return {};
}

// A row that says so already is left alone: nothing goes to the disk for it.
SqliteResult<> write_state(SqliteDatabase& database, const PersistentState& state) {
  SqliteResult<SqliteStatement> row = database.prepare(
      "UPDATE opens SET oplock = ?1, lease_state = ?2, lease_epoch = ?3, delete_pending = ?4 WHERE id = ?5"
      " AND (oplock, lease_state, lease_epoch, delete_pending) IS NOT (?1, ?2, ?3, ?4)");
  if (!row) return std::unexpected(row.error());
  row->bind(static_cast<std::int64_t>(state.oplock)).bind(std::int64_t{state.lease.bits()});
  row->bind(std::int64_t{state.epoch}).bind(std::int64_t{state.delete_pending});
  return row->bind(to_signed(state.id)).run();
}

SqliteResult<std::vector<PersistentOpen>> read_opens(SqliteDatabase& database) {
  SqliteResult<SqliteStatement> rows = database.prepare("SELECT * FROM opens");
  if (!rows) return std::unexpected(rows.error());
  std::map<std::uint64_t, PersistentOpen> opens;
  for (;;) {
    const SqliteResult<bool> more = rows->step();
    if (!more) return std::unexpected(more.error());
    if (!*more) break;
    std::optional<PersistentOpen> open = open_of(*rows);
    if (open) {
      opens.emplace(open->id, std::move(*open));
    } else {
      log::error("handle_lost", "persistent handle {:#x}: what the store says of it makes no sense",
                 to_unsigned(rows->integer(0)));
    }
  }
  for (const auto read : {read_locks, read_sequences}) {
    if (SqliteResult<> done = read(database, opens); !done) return std::unexpected(done.error());
  }
  std::vector<PersistentOpen> out;
  for (auto& [id, open] : opens) out.push_back(std::move(open));
  return out;
}

}  // namespace dozo::server
