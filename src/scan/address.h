// An IP address as a number, so that ranges of them can be counted without being written out. Value.
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "runtime/socket.h"

namespace dozo::scan {

// IPv4: the address is `low`. IPv6: both halves.
struct Address {
  bool v6 = false;
  std::uint64_t high = 0;
  std::uint64_t low = 0;

  auto operator<=>(const Address&) const = default;
};

// "192.0.2.7", "2001:db8::7"; nothing for what is no address. A zone ("%eth0") is none.
std::optional<Address> parse_address(std::string_view text);
std::string to_string(const Address& address);
// The address of an endpoint; nothing when it is not of IP.
std::optional<Address> address_of(const runtime::Endpoint& endpoint);
runtime::Endpoint endpoint_at(const Address& address, std::uint16_t port);

}  // namespace dozo::scan
