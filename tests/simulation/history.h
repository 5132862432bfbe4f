// History: what was written to and read from small registers ("cells") of files, when, and whether there is an order of
// it all that explains it: each operation at one instant between its beginning and its end, each read seeing the last
// write. Every written value is unique, which makes that simple: P. B. Gibbons and E. Korach, "Testing Shared
// Memories", SIAM Journal on Computing 26(4), 1997.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>

#include "base/time.h"

namespace dozo::server::testing {

// A value that is written once; 0 is what a cell holds that was never written.
using CellValue = std::uint64_t;

struct Cell {
  std::uint64_t file = 0;  // its identity, whatever its names
  std::uint32_t index = 0;
  auto operator<=>(const Cell&) const = default;
};

// One thread; the model beside the server.
class History {
 public:
  // A write began; until end_write() it may have happened, or not.
  void begin_write(const Cell& cell, CellValue value, Instant at);
  void end_write(const Cell& cell, CellValue value, Instant at);
  // It never happened: neither did what the writer itself read of it.
  void drop(const Cell& cell, CellValue value);
  // Nobody knows whether it happened: the writer's own reads of it count for nothing.
  void doubt(const Cell& cell, CellValue value);
  // Nor that; but if it did, it did before `until`.
  void doubt(const Cell& cell, CellValue value, Instant until);
  void read(const Cell& cell, CellValue value, Instant begin, Instant end);
  // The file is changed otherwise than cell by cell.
  void untrack(std::uint64_t file) { untracked_.insert(file); }

  // What cannot be explained, or "".
  std::string problem() const;
  std::size_t operations() const { return operations_; }

 private:
  // All operations that concern one value.
  struct Zone {
    Instant write_begin, write_end;
    Instant first_end;   // of the write and all reads
    Instant last_begin;  // likewise
    bool read_by_any = false;
    Instant doubted_until = Instant::max();
  };
  using Zones = std::map<CellValue, Zone>;
  Zones& zones_of(const Cell& cell);
  static std::string problem_of(const Cell& cell, const Zones& zones);

  std::map<Cell, Zones> cells_;
  std::set<std::uint64_t> untracked_;
  std::string problem_;
  std::size_t operations_ = 0;
};

}  // namespace dozo::server::testing
