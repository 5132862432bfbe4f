// The network's byte order, over base's little-endian cursors.
#pragma once

#include <bit>

#include "base/bytes.h"

namespace dozo::netbios {

inline std::uint16_t be16(ByteReader& reader) { return std::byteswap(reader.u16()); }
inline std::uint32_t be32(ByteReader& reader) { return std::byteswap(reader.u32()); }
inline void put_be16(ByteVector& out, std::size_t value) {
  out.push_back(static_cast<std::uint8_t>(value >> 8));
  out.push_back(static_cast<std::uint8_t>(value));
}
inline void put_be32(ByteVector& out, std::uint32_t value) {
  put_be16(out, value >> 16);
  put_be16(out, value & 0xFFFF);
}
inline void put_text(ByteVector& out, std::string_view text) {
  const Bytes bytes = as_bytes(text);
  out.insert(out.end(), bytes.begin(), bytes.end());
}

}  // namespace dozo::netbios
