// History: what scans have said of hosts, in an SQLite file, for whoever asks what has changed.
#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "identity/sqlite_database.h"
#include "scan/changes.h"

namespace dozo::scan {

// Errors are sentences that name the file.
template <class T = void>
using HistoryResult = std::expected<T, std::string>;

// Resource: one connection to the file, for one thread; several processes may have it open (WAL).
class History {
 public:
  // Makes the file when it is not there, for its owner alone. Its folder has to be there.
  static HistoryResult<History> open(const std::string& path);

  // All or nothing. `at_s`: when the scan began, UTC; `targets`: as they were typed.
  HistoryResult<> add(std::int64_t at_s, std::string_view targets, std::span<const HostRecord> hosts);
  // The newest record of a host; nothing when it was never seen.
  HistoryResult<std::optional<EarlierRecord>> last_of(std::string_view host, std::uint16_t port);
  // How many scans there are.
  HistoryResult<std::int64_t> scans();

 private:
  History(std::string path, identity::SqliteDatabase database)
      : path_(std::move(path)), database_(std::move(database)) {}
  HistoryResult<> prepare_file();
  identity::SqliteResult<> write(std::int64_t at_s, std::string_view targets, std::span<const HostRecord> hosts);
  identity::SqliteResult<std::optional<EarlierRecord>> read_last(std::string_view host, std::uint16_t port);
  std::string sentence(const identity::SqliteError& error) const;

  std::string path_;
  identity::SqliteDatabase database_;
};

}  // namespace dozo::scan
