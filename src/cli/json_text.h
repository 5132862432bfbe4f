// JSON for sources that only write a few values.
#pragma once

#include <string>
#include <string_view>

namespace dozo::cli {

// A JSON string with its quotes. Bytes that are not UTF-8 become U+FFFD.
std::string json_quoted(std::string_view text);

// `text` on one line of a terminal or a log: control characters as \xNN, backslash as \\.
std::string on_one_line(std::string_view text);

}  // namespace dozo::cli
