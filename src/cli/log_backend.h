// Where log lines go: standard error, as text for people, as journald wants it, or as a JSON object a line.
#pragma once

#include <string>
#include <string_view>

#include "base/log.h"
#include "base/time.h"
#include "server/config.h"

namespace dozo::cli {

enum class LogStyle { text, json, journal };

// JSON when it was asked for; the journal's form when systemd has connected standard error to it.
LogStyle log_style(const server::LogConfig& config);

// One line without its newline. What came from the wire cannot forge a line: control characters are escaped.
std::string render_log_line(LogStyle style, log::Level level, std::string_view event, std::string_view message,
                            WallTime now);

// Makes it the sink of base/log.h. At start, before there are threads; a reload may call set_log_level at any time.
void install_log_backend(const server::LogConfig& config);
void set_log_level(server::LogLevel level);

}  // namespace dozo::cli
