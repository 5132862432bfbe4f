#include "policy/address.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <charconv>

namespace dozo::policy {
namespace {

AddressNumber host_bits(Family family, unsigned length) {
  const unsigned free = bits_of(family) - length;
  return free == 128 ? ~AddressNumber{0} : (AddressNumber{1} << free) - 1;
}

AddressNumber number_of(std::span<const std::uint8_t> bytes) {
  AddressNumber number = 0;
  for (const std::uint8_t byte : bytes) number = number << 8 | byte;
  return number;
}

// The longest prefix that begins at `first` and ends no later than `last`.
Prefix longest_prefix(Family family, AddressNumber first, AddressNumber last) {
  unsigned length = bits_of(family);
  while (length > 0) {
    const AddressNumber more = host_bits(family, length - 1);
    if ((first & more) != 0 || more > last - first) break;
    --length;
  }
  return {{family, first}, static_cast<std::uint8_t>(length)};
}

int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  const char lower = static_cast<char>(c | 0x20);
  return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

}  // namespace

std::optional<Address> address_from_string(std::string_view text) {
  const std::string z(text);
  std::array<std::uint8_t, 16> bytes{};
  if (inet_pton(AF_INET, z.c_str(), bytes.data()) == 1) {
    return Address{Family::v4, number_of(std::span(bytes).first(4))};
  }
  if (inet_pton(AF_INET6, z.c_str(), bytes.data()) != 1) return std::nullopt;
  const AddressNumber number = number_of(bytes);
  if (number >> 32 == 0xFFFF) return Address{Family::v4, number & 0xFFFFFFFF};
  return Address{Family::v6, number};
}

std::string to_string(const Address& address) {
  std::array<std::uint8_t, 16> bytes{};
  const unsigned count = bits_of(address.family) / 8;
  for (unsigned i = 0; i < count; ++i) {
    bytes[i] = static_cast<std::uint8_t>(address.number >> (8 * (count - 1 - i)));
  }
  std::array<char, INET6_ADDRSTRLEN> text{};
  inet_ntop(address.family == Family::v4 ? AF_INET : AF_INET6, bytes.data(), text.data(), text.size());
  return text.data();
}

bool is_loopback(const Address& address) {
  return address.family == Family::v4 ? address.number >> 24 == 127 : address.number == 1;
}

Address Prefix::last() const { return {network.family, network.number | host_bits(network.family, length)}; }

std::expected<Prefix, std::string> prefix_from_string(std::string_view text) {
  const std::size_t slash = text.find('/');
  const auto address = address_from_string(text.substr(0, slash));
  if (!address) return std::unexpected(fmt::format("\"{}\" is no address and no network (10.0.0.0/8)", text));
  unsigned length = bits_of(address->family);
  if (slash != text.npos) {
    const std::string_view digits = text.substr(slash + 1);
    unsigned typed = 0;
    const auto [end, error] = std::from_chars(digits.begin(), digits.end(), typed);
    if (error != std::errc() || end != digits.end() || typed > length) {
      return std::unexpected(fmt::format("\"{}\": the length of the network is a number from 0 to {}", text, length));
    }
    length = typed;
  }
  const AddressNumber beyond = host_bits(address->family, length);
  const Prefix prefix{{address->family, address->number & ~beyond}, static_cast<std::uint8_t>(length)};
  if (prefix.network != *address) {
    return std::unexpected(
        fmt::format("\"{}\" has bits beyond its length; the network is {}", text, to_string(prefix)));
  }
  return prefix;
}

std::string to_string(const Prefix& prefix) { return fmt::format("{}/{}", to_string(prefix.network), prefix.length); }

AddressRange range_of(const Prefix& prefix) { return {prefix.network, prefix.last()}; }

std::expected<AddressRange, std::string> range_from_string(std::string_view text) {
  const std::size_t dash = text.find('-');
  if (dash == text.npos) {
    const auto prefix = prefix_from_string(text);
    if (!prefix) return std::unexpected(prefix.error());
    return range_of(*prefix);
  }
  const auto first = address_from_string(text.substr(0, dash)), last = address_from_string(text.substr(dash + 1));
  if (!first || !last) return std::unexpected(fmt::format("\"{}\" is no range (10.0.0.1-10.0.0.9)", text));
  if (first->family != last->family || first->number > last->number) {
    return std::unexpected(fmt::format("\"{}\": a range goes from a lower address to a higher of the same kind", text));
  }
  return AddressRange{*first, *last};
}

AddressSpace AddressSpace::of(const std::vector<AddressRange>& ranges) {
  std::vector<Interval<AddressNumber>> v4, v6;
  for (const AddressRange& r : ranges) {
    (r.first.family == Family::v4 ? v4 : v6).push_back({r.first.number, r.last.number});
  }
  return {IntervalSet<AddressNumber>::of(std::move(v4)), IntervalSet<AddressNumber>::of(std::move(v6))};
}

AddressSpace AddressSpace::everything() { return AddressSpace().complement(); }

AddressSpace AddressSpace::united(const AddressSpace& other) const {
  return {v4_.united(other.v4_), v6_.united(other.v6_)};
}

AddressSpace AddressSpace::common(const AddressSpace& other) const {
  return {v4_.common(other.v4_), v6_.common(other.v6_)};
}

AddressSpace AddressSpace::without(const AddressSpace& other) const {
  return {v4_.without(other.v4_), v6_.without(other.v6_)};
}

AddressSpace AddressSpace::complement() const {
  return {v4_.complement(highest_of(Family::v4)), v6_.complement(highest_of(Family::v6))};
}

std::vector<AddressRange> AddressSpace::ranges() const {
  std::vector<AddressRange> all;
  for (const Family f : {Family::v4, Family::v6}) {
    for (const auto& i : family(f).intervals()) all.push_back({{f, i.first}, {f, i.last}});
  }
  return all;
}

std::vector<Prefix> AddressSpace::prefixes(Family of_family) const {
  std::vector<Prefix> all;
  for (const auto& interval : family(of_family).intervals()) {
    for (AddressNumber next = interval.first;;) {
      all.push_back(longest_prefix(of_family, next, interval.last));
      const AddressNumber end = all.back().last().number;
      if (end >= interval.last) break;
      next = end + 1;
    }
  }
  return all;
}

std::vector<Prefix> AddressSpace::prefixes() const {
  std::vector<Prefix> all = prefixes(Family::v4);
  const std::vector<Prefix> v6 = prefixes(Family::v6);
  all.insert(all.end(), v6.begin(), v6.end());
  return all;
}

std::optional<Mac> mac_from_string(std::string_view text) {
  if (text.size() != 17) return std::nullopt;
  Mac mac;
  for (std::size_t i = 0; i < 6; ++i) {
    const int high = hex_value(text[3 * i]), low = hex_value(text[3 * i + 1]);
    if (high < 0 || low < 0) return std::nullopt;
    if (i < 5 && (text[3 * i + 2] != text[2] || (text[2] != ':' && text[2] != '-'))) return std::nullopt;
    mac.bytes[i] = static_cast<std::uint8_t>(high << 4 | low);
  }
  return mac;
}

std::string to_string(const Mac& mac) { return fmt::format("{:02x}", fmt::join(mac.bytes, ":")); }

}  // namespace dozo::policy
