// dozo scan --self and --from: hosts that are not scanned.
#pragma once

#include <optional>
#include <string_view>

#include "cli/command.h"
#include "cli/scan_output.h"
#include "server/config.h"

namespace dozo::cli {

// Judges this computer's settings, or the files that were given. Whether everything that was given could be read; what
// could not is printed.
bool report_self(const Arguments& arguments, Io& io, ScanReport& report);

// The hosts of lines of JSON, judged by the rules of now. What is no such line is printed with its number.
bool report_stored(const Arguments& arguments, Io& io, ScanReport& report);

// A server of dozo's configuration, as a scan from outside would find it. Pure.
scan::HostRecord audit_dozo(const server::LoadedConfig& loaded, std::string_view source);

}  // namespace dozo::cli
