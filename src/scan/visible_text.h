// What a scanned host says about itself is shown to people: nothing of it may move a cursor, hide, or turn text around.
#pragma once

#include <string>
#include <string_view>

namespace dozo::scan {

// `text` as UTF-8 on one line. What is not UTF-8 becomes U+FFFD; control characters (C0, DEL, C1), line and paragraph
// separators, marks and overrides of direction, and characters without width become "\u{202e}".
std::string visible(std::string_view text);

// The same characters of a JSON document, which can have them inside strings alone, as "\u202e".
std::string json_with_visible_text(std::string_view json);

// Columns that visible text takes on a terminal: wide East Asian characters two, combining marks none.
std::size_t columns_of(std::string_view visible_text);

// The first part of visible text that fits into `columns`, with an ellipsis where something is left out.
std::string shortened(std::string_view visible_text, std::size_t columns);

}  // namespace dozo::scan
