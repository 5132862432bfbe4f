// A host as one line of JSON, a contract with other people's scripts (docs/scan-report.md), and the way back.
#pragma once

#include <expected>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "scan/facts.h"

namespace dozo::scan {

// What a scan says of one host.
struct HostRecord {
  HostFacts facts;
  std::vector<Finding> findings;

  bool operator==(const HostRecord&) const = default;
};

// One object without a line feed at its end. UTF-8; what cannot be seen is escaped.
std::string json_line(const HostFacts& host, std::span<const Finding> findings);

// Of a line that json_line has written, now or in an earlier version: members it does not know are left out, facts that
// are not there are not tested. The error is a sentence without its place.
std::expected<HostRecord, std::string> from_json_line(std::string_view line);

}  // namespace dozo::scan
