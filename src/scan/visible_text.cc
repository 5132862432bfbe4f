#include "scan/visible_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/unicode.h"

namespace dozo::scan {
namespace {

struct Range {
  char32_t first;
  char32_t last;
};

template <std::size_t N>
bool is_in(const std::array<Range, N>& ranges, char32_t c) {
  return std::ranges::any_of(ranges, [&](const Range& range) { return range.first <= c && c <= range.last; });
}

// Controls, then what Unicode calls format characters as far as they change how others look.
constexpr std::array<Range, 13> kHidden{{{0x00, 0x1F},
                                         {0x7F, 0x9F},
                                         {0xAD, 0xAD},
                                         {0x61C, 0x61C},
                                         {0x180E, 0x180E},
                                         {0x200B, 0x200F},
                                         {0x2028, 0x202E},
                                         {0x2060, 0x206F},
                                         {0xFEFF, 0xFEFF},
                                         {0xFFF9, 0xFFFB},
                                         {0xFE00, 0xFE0F},
                                         {0xE0000, 0xE0FFF},
                                         {0xD800, 0xDFFF}}};

constexpr std::array<Range, 5> kCombining{
    {{0x300, 0x36F}, {0x1AB0, 0x1AFF}, {0x1DC0, 0x1DFF}, {0x20D0, 0x20FF}, {0xFE20, 0xFE2F}}};

constexpr std::array<Range, 7> kWide{{{0x1100, 0x115F},
                                      {0x2E80, 0xA4CF},
                                      {0xAC00, 0xD7A3},
                                      {0xF900, 0xFAFF},
                                      {0xFE30, 0xFE6F},
                                      {0xFF00, 0xFF60},
                                      {0x1F300, 0x3FFFD}}};

// Code points of UTF-16, an unpaired surrogate as itself.
std::u32string code_points(std::u16string_view text) {
  std::u32string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    char32_t c = text[i];
    const bool paired = (c & 0xFC00) == 0xD800 && i + 1 < text.size() && (text[i + 1] & 0xFC00) == 0xDC00;
    if (paired) c = 0x10000 + ((c & 0x3FF) << 10) + (text[++i] & 0x3FF);
    out += c;
  }
  return out;
}

std::u32string code_points_of(std::string_view text) { return code_points(utf8_to_utf16_lossy(text)); }

void append_utf8(std::string& out, char32_t c) {
  std::u16string utf16;
  if (c >= 0x10000) {
    utf16 += static_cast<char16_t>(0xD800 + ((c - 0x10000) >> 10));
    utf16 += static_cast<char16_t>(0xDC00 + ((c - 0x10000) & 0x3FF));
  } else {
    utf16 += static_cast<char16_t>(c);
  }
  out += utf16_to_utf8(utf16);
}

std::size_t columns_of(char32_t c) {
  if (is_in(kCombining, c)) return 0;
  return is_in(kWide, c) ? 2 : 1;
}

}  // namespace

std::string visible(std::string_view text) {
  std::string out;
  for (const char32_t c : code_points_of(text)) {
    if (is_in(kHidden, c)) {
      out += fmt::format("\\u{{{:x}}}", static_cast<std::uint32_t>(c));
    } else {
      append_utf8(out, c);
    }
  }
  return out;
}

std::string json_with_visible_text(std::string_view json) {
  std::string out;
  for (const char32_t c : code_points_of(json)) {
    // Controls below are escaped in strings already, or white space between them.
    if (c < 0x20 || !is_in(kHidden, c)) {
      append_utf8(out, c);
    } else if (c < 0x10000) {
      out += fmt::format("\\u{:04x}", static_cast<std::uint32_t>(c));
    } else {
      const auto rest = static_cast<std::uint32_t>(c - 0x10000);
      out += fmt::format("\\u{:04x}\\u{:04x}", 0xD800 + (rest >> 10), 0xDC00 + (rest & 0x3FF));
    }
  }
  return out;
}

std::size_t columns_of(std::string_view visible_text) {
  std::size_t columns = 0;
  for (const char32_t c : code_points_of(visible_text)) columns += columns_of(c);
  return columns;
}

std::string shortened(std::string_view visible_text, std::size_t columns) {
  if (columns_of(visible_text) <= columns) return std::string(visible_text);
  std::string out;
  std::size_t used = 1;
  for (const char32_t c : code_points_of(visible_text)) {
    used += columns_of(c);
    if (used > columns) break;
    append_utf8(out, c);
  }
  return out + "…";
}

}  // namespace dozo::scan
