// The results as CSV, RFC 4180: a line of names, then one for each host, each ended by CR LF.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "scan/report_json.h"

namespace dozo::scan {

std::string csv_text(std::span<const HostRecord> hosts);

// One field: in quotes where it holds a comma, a quote or a line's end. Text from the network that a spreadsheet would
// take for a formula (= + - @) gets an apostrophe before it.
std::string csv_field(std::string_view text);

}  // namespace dozo::scan
