#include "scan/address.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <array>
#include <cstring>

#include "base/bytes.h"

namespace dozo::scan {
namespace {

constexpr std::size_t kTextMax = 45;  // of an IPv6 address with an IPv4 one in it

using V6Bytes = std::array<std::uint8_t, 16>;

Address from_v4(const in_addr& address) { return {.low = ntohl(address.s_addr)}; }

Address from_v6(const in6_addr& address) {
  V6Bytes bytes{};
  std::memcpy(bytes.data(), &address, sizeof address);
  return {.v6 = true,
          .high = load_be<std::uint64_t>(bytes.data()),
          .low = load_be<std::uint64_t>(bytes.data() + sizeof(std::uint64_t))};
}

in6_addr to_v6(const Address& address) {
  V6Bytes bytes{};
  store_be(bytes.data(), address.high);
  store_be(bytes.data() + sizeof(std::uint64_t), address.low);
  in6_addr out{};
  std::memcpy(&out, bytes.data(), sizeof out);
  return out;
}

in_addr to_v4(const Address& address) { return {.s_addr = htonl(static_cast<std::uint32_t>(address.low))}; }

}  // namespace

std::optional<Address> parse_address(std::string_view text) {
  if (text.empty() || text.size() > kTextMax) return std::nullopt;
  const std::string terminated(text);
  in_addr v4{};
  if (inet_pton(AF_INET, terminated.c_str(), &v4) == 1) return from_v4(v4);
  in6_addr v6{};
  if (inet_pton(AF_INET6, terminated.c_str(), &v6) == 1) return from_v6(v6);
  return std::nullopt;
}

std::string to_string(const Address& address) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  if (address.v6) {
    const in6_addr raw = to_v6(address);
    inet_ntop(AF_INET6, &raw, text.data(), text.size());
  } else {
    const in_addr raw = to_v4(address);
    inet_ntop(AF_INET, &raw, text.data(), text.size());
  }
  return text.data();
}

std::optional<Address> address_of(const runtime::Endpoint& endpoint) { return parse_address(endpoint.host_text()); }

runtime::Endpoint endpoint_at(const Address& address, std::uint16_t port) {
  runtime::Endpoint endpoint;
  if (address.v6) {
    sockaddr_in6 raw{};
    raw.sin6_family = AF_INET6;
    raw.sin6_port = htons(port);
    raw.sin6_addr = to_v6(address);
    std::memcpy(&endpoint.storage, &raw, sizeof raw);
    endpoint.length = sizeof raw;
  } else {
    sockaddr_in raw{};
    raw.sin_family = AF_INET;
    raw.sin_port = htons(port);
    raw.sin_addr = to_v4(address);
    std::memcpy(&endpoint.storage, &raw, sizeof raw);
    endpoint.length = sizeof raw;
  }
  return endpoint;
}

}  // namespace dozo::scan
