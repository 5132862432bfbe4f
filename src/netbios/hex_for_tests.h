// Bytes from hexadecimal digits, for tests; what is no digit is skipped.
#pragma once

#include <string_view>

#include "base/bytes.h"

namespace dozo::netbios {

inline ByteVector from_hex(std::string_view hex) {
  ByteVector out;
  int high = -1;
  for (const char c : hex) {
    const std::size_t digit = std::string_view("0123456789abcdef").find(c);
    if (digit == std::string_view::npos) continue;
    if (high >= 0) out.push_back(static_cast<std::uint8_t>(high * 16 + static_cast<int>(digit)));
    high = high >= 0 ? -1 : static_cast<int>(digit);
  }
  return out;
}

}  // namespace dozo::netbios
