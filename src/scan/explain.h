// What a scan would send, in words. Pure.
#pragma once

#include <string>

#include "scan/scan_run.h"

namespace dozo::scan {

// Every check that would run, with its safety, its packets and what sensors may say; then how many hosts, how fast.
std::string explain_text(const TargetList& targets, const RunSettings& settings);

}  // namespace dozo::scan
