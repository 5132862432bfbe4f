#include "tests/simulation/history.h"

#include <fmt/format.h>

#include <algorithm>

namespace dozo::server::testing {
namespace {

constexpr Instant kBefore = Instant::min();
constexpr Instant kNever = Instant::max();

std::string show(Instant at) {
  if (at == kBefore) return "the start";
  if (at == kNever) return "for ever";
  const auto us = std::chrono::duration_cast<std::chrono::microseconds>(at.time_since_epoch()).count();
  return fmt::format("{}.{:06}s", us / 1'000'000, us % 1'000'000);
}

}  // namespace

History::Zones& History::zones_of(const Cell& cell) {
  Zones& zones = cells_[cell];
  if (zones.empty()) zones[0] = {kBefore, kBefore, kBefore, kBefore, false, kNever};
  return zones;
}

void History::begin_write(const Cell& cell, CellValue value, Instant at) {
  ++operations_;
  zones_of(cell)[value] = {at, kNever, kNever, at, false, kNever};
}

void History::end_write(const Cell& cell, CellValue value, Instant at) {
  Zones& zones = zones_of(cell);
  const auto zone = zones.find(value);
  if (zone == zones.end()) return;
  zone->second.write_end = std::max(at, zone->second.write_begin);
  zone->second.first_end = std::min(zone->second.first_end, zone->second.write_end);
}

void History::drop(const Cell& cell, CellValue value) { zones_of(cell).erase(value); }

void History::doubt(const Cell& cell, CellValue value) {
  Zones& zones = zones_of(cell);
  const auto zone = zones.find(value);
  if (zone == zones.end()) return;
  const Instant begin = zone->second.write_begin;
  zone->second = {begin, kNever, kNever, begin, false, kNever};
}

void History::doubt(const Cell& cell, CellValue value, Instant until) {
  Zones& zones = zones_of(cell);
  const auto zone = zones.find(value);
  if (zone == zones.end()) return;
  zone->second.doubted_until = until;
  if (zone->second.read_by_any) zone->second.first_end = std::min(zone->second.first_end, until);
}

void History::read(const Cell& cell, CellValue value, Instant begin, Instant end) {
  ++operations_;
  Zones& zones = zones_of(cell);
  const auto zone = zones.find(value);
  if (zone == zones.end()) {
    if (problem_.empty() && !untracked_.contains(cell.file)) {
      problem_ = fmt::format("a read of what nobody wrote: {:#x} in cell {} of file {}", value, cell.index, cell.file);
    }
    return;
  }
  zone->second.first_end = std::min({zone->second.first_end, end, zone->second.doubted_until});
  zone->second.last_begin = std::max(zone->second.last_begin, begin);
  zone->second.read_by_any = true;
  if (end < zone->second.write_begin && problem_.empty() && !untracked_.contains(cell.file)) {
    problem_ = fmt::format("a read of what was written later: {:#x} of file {}", value, cell.file);
  }
}

// A value whose first operation ended before its last began was the cell's content all the time in between. No two
// values may be that at once; and no value's operations may lie within such a time of another's.
std::string History::problem_of(const Cell& cell, const Zones& zones) {
  for (const auto& [value, zone] : zones) {
    if (zone.first_end >= zone.last_begin) continue;
    for (const auto& [other_value, other] : zones) {
      if (other_value == value) continue;
      const bool holds_too = other.first_end < other.last_begin;
      const Instant begin = std::min(other.first_end, other.last_begin);
      const Instant end = std::max(other.first_end, other.last_begin);
      const bool clash =
          holds_too ? begin < zone.last_begin && zone.first_end < end : zone.first_end < begin && end < zone.last_begin;
      if (!clash) continue;
      return fmt::format(
          "stale data: cell {} of file {} held {:#x} from {} to {}, and {:#x} (written {} to {}) from {} to {}",
          cell.index, cell.file, value, show(zone.first_end), show(zone.last_begin), other_value,
          show(other.write_begin), show(other.write_end), show(begin), show(end));
    }
  }
  return "";
}

std::string History::problem() const {
  if (!problem_.empty()) return problem_;
  for (const auto& [cell, zones] : cells_) {
    if (untracked_.contains(cell.file)) continue;
    if (auto found = problem_of(cell, zones); !found.empty()) return found;
  }
  return "";
}

}  // namespace dozo::server::testing
