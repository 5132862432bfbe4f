// Addresses, prefixes and sets of them, of IPv4 and IPv6 alike; and MAC addresses. Values.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "policy/interval_set.h"

namespace dozo::policy {

using AddressNumber = unsigned __int128;

enum class Family : std::uint8_t { v4, v6 };
constexpr unsigned bits_of(Family family) { return family == Family::v4 ? 32 : 128; }
constexpr AddressNumber highest_of(Family family) {
  return family == Family::v4 ? AddressNumber{0xFFFFFFFF} : ~AddressNumber{0};
}

struct Address {
  Family family = Family::v4;
  AddressNumber number = 0;  // in host order: 192.0.2.1 is 0xC0000201
  auto operator<=>(const Address&) const = default;
};
// "192.0.2.1" or "2001:db8::1"; an IPv4 address in IPv6's clothes (::ffff:a.b.c.d) is the IPv4 address.
std::optional<Address> address_from_string(std::string_view text);
std::string to_string(const Address& address);  // as [RFC 5952] says
bool is_loopback(const Address& address);

// A network. Bits beyond the length are zero.
struct Prefix {
  Address network;
  std::uint8_t length = 0;
  auto operator<=>(const Prefix&) const = default;
  Address last() const;
};
// "10.0.0.0/8", or an address alone. The error says what is wrong, for a person: bits beyond the length, too.
std::expected<Prefix, std::string> prefix_from_string(std::string_view text);
std::string to_string(const Prefix& prefix);  // always with its length

struct AddressRange {
  Address first;
  Address last;  // inclusive, of the same family
  bool operator==(const AddressRange&) const = default;
};
// "10.0.0.1-10.0.0.9", a prefix or an address.
std::expected<AddressRange, std::string> range_from_string(std::string_view text);
AddressRange range_of(const Prefix& prefix);

// A set of addresses of both families.
class AddressSpace {
 public:
  AddressSpace() = default;
  AddressSpace(IntervalSet<AddressNumber> v4, IntervalSet<AddressNumber> v6) : v4_(std::move(v4)), v6_(std::move(v6)) {}
  static AddressSpace of(const std::vector<AddressRange>& ranges);
  static AddressSpace everything();

  bool empty() const { return v4_.empty() && v6_.empty(); }
  bool contains(const Address& address) const { return family(address.family).contains(address.number); }
  const IntervalSet<AddressNumber>& family(Family family) const { return family == Family::v4 ? v4_ : v6_; }
  AddressSpace united(const AddressSpace& other) const;
  AddressSpace common(const AddressSpace& other) const;
  AddressSpace without(const AddressSpace& other) const;
  AddressSpace complement() const;

  // The fewest ranges and the fewest prefixes that make up the set, in order, IPv4 first.
  std::vector<AddressRange> ranges() const;
  std::vector<Prefix> prefixes() const;
  std::vector<Prefix> prefixes(Family family) const;

  bool operator==(const AddressSpace&) const = default;

 private:
  IntervalSet<AddressNumber> v4_, v6_;
};

struct Mac {
  std::array<std::uint8_t, 6> bytes{};
  auto operator<=>(const Mac&) const = default;
};
std::optional<Mac> mac_from_string(std::string_view text);  // "02:00:5e:10:00:01", or with '-'
std::string to_string(const Mac& mac);                      // with ':', lower case

}  // namespace dozo::policy
