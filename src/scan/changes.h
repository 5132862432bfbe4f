// What is different about a host since it was scanned before. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "scan/report_json.h"
#include "scan/report_table.h"

namespace dozo::scan {

// What a scan has said of a host before, and when.
struct EarlierRecord {
  HostRecord record;
  std::int64_t at_s = 0;  // seconds since 1970, UTC
};

struct ValueChange {
  std::string name;  // as all_facts names it, or a text's: "os"
  std::string before;
  std::string after;

  bool operator==(const ValueChange&) const = default;
};

struct HostChanges {
  enum class Presence : std::uint8_t { same, appeared, gone };  // gone: nothing answers any more

  std::string host;
  std::uint16_t port = 0;
  std::string name;
  Presence presence = Presence::same;
  std::optional<std::int64_t> since_s;  // when it was scanned before; nothing for the first time
  std::vector<ValueChange> values;
  std::vector<Finding> new_findings;
  std::vector<Finding> cured;
  std::vector<Finding> untested;  // found before, and this time not looked at: neither there nor cured

  bool is_empty() const;
};

HostChanges changes_of(const std::optional<EarlierRecord>& before, const HostRecord& after);

// `after` where it knows, `before` where it does not.
HostFacts with_what_was_known(const HostFacts& before, const HostFacts& after);

// For people: new hosts, those that are gone, then what changed about the others; and how many have not changed.
std::string changes_text(std::span<const HostChanges> hosts, const TableStyle& style);
// One object and a line feed for each host that has changed: host, port, name, presence, since, values[], new[],
// cured[], untested[].
std::string changes_json(std::span<const HostChanges> hosts);

// "2026-11-22 14:00 UTC".
std::string utc_text(std::int64_t unix_s);

}  // namespace dozo::scan
