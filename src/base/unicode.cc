#include "base/unicode.h"

#include <unicode/uchar.h>

#include <algorithm>

namespace dozo {
namespace {

constexpr bool is_high(char16_t c) { return c >= 0xD800 && c <= 0xDBFF; }
constexpr bool is_low(char16_t c) { return c >= 0xDC00 && c <= 0xDFFF; }

void append_utf8(std::string& out, char32_t c) {
  const auto put = [&out](char32_t v) { out.push_back(static_cast<char>(static_cast<unsigned char>(v))); };
  if (c < 0x80) {
    put(c);
  } else if (c < 0x800) {
    put(0xC0 | (c >> 6));
    put(0x80 | (c & 0x3F));
  } else if (c < 0x10000) {
    put(0xE0 | (c >> 12));
    put(0x80 | ((c >> 6) & 0x3F));
    put(0x80 | (c & 0x3F));
  } else {
    put(0xF0 | (c >> 18));
    put(0x80 | ((c >> 12) & 0x3F));
    put(0x80 | ((c >> 6) & 0x3F));
    put(0x80 | (c & 0x3F));
  }
}

struct Decoded {
  char32_t code_point;
  std::size_t length;  // 0: not decodable
};

// The number of bytes the lead byte announces, and its payload bits.
Decoded lead_of(unsigned char b) {
  if (b < 0x80) return {b, 1};
  if (b >= 0xC2 && b < 0xE0) return {b & 0x1Fu, 2};
  if (b >= 0xE0 && b < 0xF0) return {b & 0x0Fu, 3};
  if (b >= 0xF0 && b < 0xF5) return {b & 0x07u, 4};
  return {0, 0};
}

Decoded decode_one(std::string_view text) {
  auto [c, length] = lead_of(static_cast<unsigned char>(text[0]));
  if (length == 0 || length > text.size()) return {0, 0};
  for (std::size_t i = 1; i < length; ++i) {
    const auto b = static_cast<unsigned char>(text[i]);
    if ((b & 0xC0) != 0x80) return {0, 0};
    c = (c << 6) | (b & 0x3F);
  }
  constexpr char32_t kSmallest[] = {0, 0, 0x80, 0x800, 0x10000};
  if (c < kSmallest[length] || c > 0x10FFFF) return {0, 0};
  return {c, length};
}

void append_utf16(std::u16string& out, char32_t c) {
  if (c < 0x10000) {
    out.push_back(static_cast<char16_t>(c));
    return;
  }
  out.push_back(static_cast<char16_t>(0xD800 + ((c - 0x10000) >> 10)));
  out.push_back(static_cast<char16_t>(0xDC00 + ((c - 0x10000) & 0x3FF)));
}

}  // namespace

std::string utf16_to_utf8(std::u16string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    char32_t c = text[i];
    if (is_high(text[i]) && i + 1 < text.size() && is_low(text[i + 1])) {
      c = 0x10000 + ((c - 0xD800) << 10) + (text[i + 1] - 0xDC00u);
      ++i;
    }
    append_utf8(out, c);
  }
  return out;
}

std::optional<std::u16string> utf8_to_utf16(std::string_view text) {
  std::u16string out;
  out.reserve(text.size());
  while (!text.empty()) {
    const Decoded d = decode_one(text);
    if (d.length == 0) return std::nullopt;
    append_utf16(out, d.code_point);
    text.remove_prefix(d.length);
  }
  return out;
}

std::u16string utf8_to_utf16_lossy(std::string_view text) {
  std::u16string out;
  out.reserve(text.size());
  while (!text.empty()) {
    const Decoded d = decode_one(text);
    append_utf16(out, d.length == 0 ? U'\uFFFD' : d.code_point);
    text.remove_prefix(std::max<std::size_t>(d.length, 1));
  }
  return out;
}

std::u16string utf16_from_le(Bytes bytes) {
  std::u16string out(bytes.size() / 2, u'\0');
  for (std::size_t i = 0; i < out.size(); ++i) {
    out[i] = static_cast<char16_t>(load_le<std::uint16_t>(bytes.data() + 2 * i));
  }
  return out;
}

ByteVector utf16_to_le(std::u16string_view text) {
  ByteVector out(text.size() * 2);
  for (std::size_t i = 0; i < text.size(); ++i) {
    store_le(out.data() + 2 * i, static_cast<std::uint16_t>(text[i]));
  }
  return out;
}

bool has_unpaired_surrogate(std::u16string_view text) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (is_high(text[i]) && i + 1 < text.size() && is_low(text[i + 1])) {
      ++i;
    } else if (is_high(text[i]) || is_low(text[i])) {
      return true;
    }
  }
  return false;
}

std::u16string upcase(std::u16string_view text) {
  std::u16string out(text);
  for (char16_t& c : out) {
    if (c < 0x80) {
      if (c >= u'a' && c <= u'z') c = static_cast<char16_t>(c - 0x20);
    } else if (!is_high(c) && !is_low(c)) {
      const UChar32 upper = u_toupper(c);
      if (upper < 0x10000) c = static_cast<char16_t>(upper);
    }
  }
  return out;
}

std::u16string fold_name(std::string_view utf8_name) { return upcase(utf8_to_utf16_lossy(utf8_name)); }

bool equal_ignoring_case(std::u16string_view a, std::u16string_view b) {
  return a.size() == b.size() && upcase(a) == upcase(b);
}

}  // namespace dozo
