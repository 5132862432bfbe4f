#include "cli/json_text.h"

#include <fmt/format.h>

#include "base/unicode.h"

namespace dozo::cli {

namespace {

// JSON is UTF-8: what is not becomes U+FFFD, an unpaired surrogate of a file name too.
std::string as_utf8(std::string_view text) {
  std::u16string utf16 = utf8_to_utf16_lossy(text);
  for (std::size_t i = 0; i < utf16.size(); ++i) {
    const bool high = (utf16[i] & 0xFC00) == 0xD800;
    const bool paired = high && i + 1 < utf16.size() && (utf16[i + 1] & 0xFC00) == 0xDC00;
    if (paired) {
      ++i;
    } else if ((utf16[i] & 0xF800) == 0xD800) {
      utf16[i] = u'\uFFFD';
    }
  }
  return utf16_to_utf8(utf16);
}

}  // namespace

std::string json_quoted(std::string_view text) {
  std::string out = "\"";
  for (const char c : as_utf8(text)) {
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (static_cast<unsigned char>(c) < 0x20) {
      out += fmt::format("\\u{:04x}", static_cast<unsigned char>(c));
    } else {
      out += c;
    }
  }
  return out + '"';
}

std::string on_one_line(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte == 0x7f) {
      out += fmt::format("\\x{:02x}", byte);
    } else if (c == '\\') {
      out += "\\\\";
    } else {
      out += c;
    }
  }
  return out;
}

}  // namespace dozo::cli
