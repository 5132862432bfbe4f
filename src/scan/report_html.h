// The results as one HTML file to hand to somebody: no script, nothing loaded from elsewhere, charts as SVG, for wide
// and narrow screens, paper, and dark surroundings.
#pragma once

#include <span>
#include <string>

#include "scan/report_json.h"

namespace dozo::scan {

struct ReportHead {
  std::string title = "SMB scan";
  std::string when;     // "2026-11-22 14:00 UTC"
  std::string targets;  // as they were typed
};

std::string html_report(std::span<const HostRecord> hosts, const ReportHead& head);

}  // namespace dozo::scan
