#include "scan/history.h"

#include <errno.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <string.h>
#include <unistd.h>

namespace dozo::scan {
namespace {

using identity::SqliteDatabase;
using identity::SqliteError;
using identity::SqliteResult;
using identity::SqliteTransaction;

constexpr std::int64_t kVersion = 1;

// Ids grow: the newest record of a host is the one of the highest scan.
constexpr const char* kTables = R"(
  CREATE TABLE scans (id INTEGER PRIMARY KEY AUTOINCREMENT, at INTEGER NOT NULL, targets TEXT NOT NULL) STRICT;
  CREATE TABLE hosts (host TEXT NOT NULL, port INTEGER NOT NULL, scan INTEGER NOT NULL REFERENCES scans (id),
    line TEXT NOT NULL, PRIMARY KEY (host, port, scan)) STRICT, WITHOUT ROWID;
  PRAGMA user_version = 1;)";

// Made before SQLite sees it, so that nobody else can read it even for a moment.
std::string make_file(const std::string& path) {
  const int fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (fd < 0) return fmt::format("cannot open the history {}: {}", path, strerror(errno));
  ::close(fd);
  return "";
}

}  // namespace

std::string History::sentence(const SqliteError& error) const {
  return fmt::format("the history {}: {}", path_, error.text);
}

HistoryResult<History> History::open(const std::string& path) {
  if (std::string problem = make_file(path); !problem.empty()) return std::unexpected(std::move(problem));
  auto database = SqliteDatabase::open(path);
  if (!database) return std::unexpected(fmt::format("cannot open the history {}: {}", path, database.error().text));
  History history(path, std::move(*database));
  if (auto ready = history.prepare_file(); !ready) return std::unexpected(ready.error());
  return history;
}

HistoryResult<> History::prepare_file() {
  const SqliteResult<> mode = database_.execute("PRAGMA journal_mode = WAL; PRAGMA foreign_keys = ON;");
  if (!mode) return std::unexpected(sentence(mode.error()));
  auto transaction = SqliteTransaction::begin(database_);
  if (!transaction) return std::unexpected(sentence(transaction.error()));
  const auto version = database_.query_integer("PRAGMA user_version");
  if (!version) return std::unexpected(sentence(version.error()));
  if (*version > kVersion) return std::unexpected(fmt::format("the history {} was made by a newer dozo", path_));
  if (*version == kVersion) return {};
  const SqliteResult<> made = database_.execute(kTables);
  if (!made) return std::unexpected(sentence(made.error()));
  const SqliteResult<> kept = transaction->commit();
  if (!kept) return std::unexpected(sentence(kept.error()));
  return {};
}

SqliteResult<> History::write(std::int64_t at_s, std::string_view targets, std::span<const HostRecord> hosts) {
  auto transaction = SqliteTransaction::begin(database_);
  if (!transaction) return std::unexpected(transaction.error());
  auto scan = database_.prepare("INSERT INTO scans (at, targets) VALUES (?, ?) RETURNING id");
  if (!scan) return std::unexpected(scan.error());
  const auto row = scan->bind(at_s).bind(targets).step();
  if (!row) return std::unexpected(row.error());
  const std::int64_t id = scan->integer(0);
  if (const auto ended = scan->run(); !ended) return ended;
  for (const HostRecord& host : hosts) {
    // A host that two targets name is in a scan once: the later line stands.
    auto line = database_.prepare("INSERT OR REPLACE INTO hosts VALUES (?, ?, ?, ?)");
    if (!line) return std::unexpected(line.error());
    const auto done = line->bind(host.facts.host)
                          .bind(std::int64_t{host.facts.port})
                          .bind(id)
                          .bind(json_line(host.facts, host.findings))
                          .run();
    if (!done) return done;
  }
  return transaction->commit();
}

HistoryResult<> History::add(std::int64_t at_s, std::string_view targets, std::span<const HostRecord> hosts) {
  const auto done = write(at_s, targets, hosts);
  if (!done) return std::unexpected(sentence(done.error()));
  return {};
}

SqliteResult<std::optional<EarlierRecord>> History::read_last(std::string_view host, std::uint16_t port) {
  auto query = database_.prepare(
      "SELECT line, at FROM hosts JOIN scans ON scans.id = hosts.scan WHERE host = ? AND port = ? "
      "ORDER BY scan DESC LIMIT 1");
  if (!query) return std::unexpected(query.error());
  const auto row = query->bind(host).bind(std::int64_t{port}).step();
  if (!row) return std::unexpected(row.error());
  if (!*row) return std::nullopt;
  auto record = from_json_line(query->text(0));
  // A line that cannot be read is no reason to fail: it is as if the host were new.
  if (!record) return std::nullopt;
  return EarlierRecord{.record = std::move(*record), .at_s = query->integer(1)};
}

HistoryResult<std::optional<EarlierRecord>> History::last_of(std::string_view host, std::uint16_t port) {
  auto found = read_last(host, port);
  if (!found) return std::unexpected(sentence(found.error()));
  return std::move(*found);
}

HistoryResult<std::int64_t> History::scans() {
  const auto count = database_.query_integer("SELECT count(*) FROM scans");
  if (!count) return std::unexpected(sentence(count.error()));
  return *count;
}

}  // namespace dozo::scan
