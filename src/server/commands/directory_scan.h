// DirectoryScan: how far QUERY_DIRECTORY has come on one open. [MS-FSA] 2.1.5.6.3 (Open.QueryPattern, QueryLastEntry).
#pragma once

#include <boost/intrusive/list.hpp>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "base/result.h"
#include "runtime/one_shot.h"
#include "runtime/task.h"
#include "server/search_pattern.h"
#include "vfs/volume.h"

namespace dozo::server {

// Resource. Owned by its Open, made by the first QUERY_DIRECTORY on it and never replaced; one loop. Requests on one
// open take turns, in the order they came: hold a Turn for everything below.
class DirectoryScan {
 public:
  class Turn;
  DirectoryScan() = default;
  DirectoryScan(const DirectoryScan&) = delete;
  DirectoryScan& operator=(const DirectoryScan&) = delete;

  // Whether a pattern was set: the first query of an open does, later ones only with a restart.
  bool has_pattern() const { return pattern_.has_value(); }
  // From the start, with this pattern.
  void start(SearchPattern pattern);
  // From the start again, with the pattern there is.
  void restart();

  // Entries read and not yet answered; fill() when there are none.
  std::span<const vfs::DirectoryEntry> pending() const { return std::span(entries_).subspan(taken_); }
  void take(std::size_t count) { taken_ += count; }
  // Reads up to `max` further entries into pending(), which is empty. It stays empty at the end.
  runtime::Task<Result<>> fill(vfs::File& directory, vfs::CallerRef caller, std::size_t max);

 private:
  struct Waiter : boost::intrusive::list_base_hook<boost::intrusive::link_mode<boost::intrusive::auto_unlink>> {
    runtime::OneShot<bool> turn;
  };
  runtime::Task<Result<>> fill_by_name(vfs::File& directory, vfs::CallerRef caller);

  std::optional<SearchPattern> pattern_;
  std::unique_ptr<vfs::DirectoryReader> reader_;
  std::vector<vfs::DirectoryEntry> entries_;
  std::size_t taken_ = 0;
  bool at_end_ = false;
  bool busy_ = false;
  boost::intrusive::list<Waiter, boost::intrusive::constant_time_size<false>> waiting_;
};

// The right to use a scan, until destroyed. `co_await turn.wait()` before use; the scan outlives it.
class DirectoryScan::Turn {
 public:
  explicit Turn(DirectoryScan& scan) : scan_(scan) {}
  ~Turn();
  Turn(const Turn&) = delete;
  Turn& operator=(const Turn&) = delete;
  runtime::Task<void> wait();

 private:
  DirectoryScan& scan_;
  bool held_ = false;
};

}  // namespace dozo::server
