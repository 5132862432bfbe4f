// PeerAddress: whom limits and audit records count. A value; IPv4 is kept as ::ffff:a.b.c.d.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <string>

namespace dozo::guard {

struct PeerAddress {
  std::array<std::uint8_t, 16> bytes{};
  auto operator<=>(const PeerAddress&) const = default;

  static PeerAddress from_v4(std::array<std::uint8_t, 4> address);
  static PeerAddress from_v6(std::array<std::uint8_t, 16> address) { return {address}; }
  bool is_v4() const;
  // What one person can be assumed to hold: an IPv4 address, or an IPv6 network of 64 bits.
  PeerAddress counted_as() const;
};

// "192.0.2.1", or IPv6 in eight groups without abbreviation.
std::string to_string(const PeerAddress& address);

}  // namespace dozo::guard
