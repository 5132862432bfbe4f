#include "model/guid.h"

#include <fmt/format.h>

namespace dozo {
namespace {

// Position in the wire form of each byte of the text form.
constexpr std::uint8_t kTextOrder[16] = {3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15};

constexpr bool dash_before(int index) { return index == 4 || index == 6 || index == 8 || index == 10; }

int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

}  // namespace

std::string to_string(const Guid& guid) {
  std::string out;
  for (int i = 0; i < 16; ++i) {
    if (dash_before(i)) out += '-';
    out += fmt::format("{:02x}", guid.bytes[kTextOrder[i]]);
  }
  return out;
}

std::optional<Guid> guid_from_string(std::string_view text) {
  if (text.size() != 36) return std::nullopt;
  Guid guid;
  std::size_t at = 0;
  for (int i = 0; i < 16; ++i) {
    if (dash_before(i) && text[at++] != '-') return std::nullopt;
    const int high = hex_value(text[at]);
    const int low = hex_value(text[at + 1]);
    if (high < 0 || low < 0) return std::nullopt;
    guid.bytes[kTextOrder[i]] = static_cast<std::uint8_t>(high * 16 + low);
    at += 2;
  }
  return guid;
}

}  // namespace dozo
