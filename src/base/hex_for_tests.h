// Hexadecimal text as bytes, for tests.
#pragma once

#include <array>
#include <string>
#include <string_view>

#include "base/bytes.h"

namespace dozo {

// Blanks are skipped.
inline ByteVector hex(std::string_view text) {
  ByteVector out;
  int high = -1;
  for (const char c : text) {
    const int digit = c >= '0' && c <= '9'   ? c - '0'
                      : c >= 'a' && c <= 'f' ? c - 'a' + 10
                      : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                             : -1;
    if (digit < 0) continue;
    if (high >= 0) out.push_back(static_cast<std::uint8_t>(high * 16 + digit));
    high = high >= 0 ? -1 : digit;
  }
  return out;
}

inline std::string to_hex(Bytes bytes) {
  std::string out;
  for (const std::uint8_t b : bytes) {
    out += "0123456789abcdef"[b >> 4];
    out += "0123456789abcdef"[b & 15];
  }
  return out;
}

template <std::size_t N>
std::array<std::uint8_t, N> hex_array(std::string_view text) {
  const ByteVector bytes = hex(text);
  std::array<std::uint8_t, N> out{};
  for (std::size_t i = 0; i < N && i < bytes.size(); ++i) out[i] = bytes[i];
  return out;
}

}  // namespace dozo
