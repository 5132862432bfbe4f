#include "guard/peer_address.h"

#include <fmt/format.h>

#include <algorithm>

namespace dozo::guard {
namespace {

constexpr std::array<std::uint8_t, 12> kMappedPrefix = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF};

}  // namespace

PeerAddress PeerAddress::from_v4(std::array<std::uint8_t, 4> address) {
  PeerAddress out;
  std::copy(kMappedPrefix.begin(), kMappedPrefix.end(), out.bytes.begin());
  std::copy(address.begin(), address.end(), out.bytes.begin() + kMappedPrefix.size());
  return out;
}

bool PeerAddress::is_v4() const { return std::equal(kMappedPrefix.begin(), kMappedPrefix.end(), bytes.begin()); }

PeerAddress PeerAddress::counted_as() const {
  PeerAddress out = *this;
  if (!is_v4()) std::fill(out.bytes.begin() + 8, out.bytes.end(), std::uint8_t{0});
  return out;
}

std::string to_string(const PeerAddress& address) {
  const auto& b = address.bytes;
  if (address.is_v4()) return fmt::format("{}.{}.{}.{}", b[12], b[13], b[14], b[15]);
  std::string out;
  for (std::size_t i = 0; i < b.size(); i += 2) {
    out += fmt::format("{}{:x}", i == 0 ? "" : ":", b[i] << 8 | b[i + 1]);
  }
  return out;
}

}  // namespace dozo::guard
