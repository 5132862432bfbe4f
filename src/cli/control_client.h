// Talks to a running server over its control socket: one JSON object a line in each direction.
#pragma once

#include <expected>
#include <string>
#include <string_view>

namespace dozo::cli {

// Sends `request` and returns the answer's line. The error says what to do ("is the server running?").
std::expected<std::string, std::string> ask_server(const std::string& socket_path, std::string_view request);

}  // namespace dozo::cli
