// What the HTML report is made of. Every function gives markup that is safe whatever hosts call themselves.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "scan/report_json.h"

namespace dozo::scan {

// Text for between tags and for attributes in double quotes; what cannot be seen as in visible_text.h.
std::string html_text(std::string_view text);
// A name from the network: its direction of writing stays its own.
std::string html_name(std::string_view text);

std::string severity_badge(Severity severity);  // <span class="badge critical">critical</span>

// Charts as SVG. `colour` is a class of html_style.h: "critical" … "info", "good", "bad", "unknown", "plain".
struct Slice {
  std::string label;
  std::size_t count = 0;
  std::string_view colour;
};
std::string donut(std::span<const Slice> slices, std::string_view unit);
// A bar in parts, all of them the whole width, with its label before and a text after it.
std::string stacked_bar(std::string_view label, std::span<const Slice> slices, std::string_view text);
// Bars, the longest of the whole width.
std::string bars(std::span<const Slice> rows);

std::string charts_section(std::span<const HostRecord> hosts);
std::string findings_section(std::span<const HostRecord> hosts);
std::string hosts_section(std::span<const HostRecord> hosts);

}  // namespace dozo::scan
