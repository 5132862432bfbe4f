// The findings as SARIF 2.1.0 (OASIS, "Static Analysis Results Interchange Format"), for tools that collect them from
// many programs: one run, a rule for each kind of finding that occurs, a result for each finding.
#pragma once

#include <span>
#include <string>

#include "scan/report_json.h"

namespace dozo::scan {

std::string sarif_text(std::span<const HostRecord> hosts);

// "smb://192.0.2.1:445/", what is not of a host's name in percent escapes: where a finding is. A file that was
// judged is "file:///etc/samba/smb.conf".
std::string smb_uri(const HostFacts& host);

}  // namespace dozo::scan
