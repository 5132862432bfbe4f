#include "scan/evidence.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <charconv>

#include "scan/fact_fields.h"

namespace dozo::scan {
namespace {

struct Network {
  std::array<std::uint8_t, 4> prefix;
  unsigned bits;
};

// RFC 6890: not for the internet at large.
constexpr Network kNotPublic[] = {
    {{0, 0, 0, 0}, 8},      {{10, 0, 0, 0}, 8},    {{100, 64, 0, 0}, 10},   {{127, 0, 0, 0}, 8},
    {{169, 254, 0, 0}, 16}, {{172, 16, 0, 0}, 12}, {{192, 0, 0, 0}, 24},    {{192, 0, 2, 0}, 24},
    {{192, 168, 0, 0}, 16}, {{198, 18, 0, 0}, 15}, {{198, 51, 100, 0}, 24}, {{203, 0, 113, 0}, 24},
    {{224, 0, 0, 0}, 3},
};

std::uint32_t number(const std::array<std::uint8_t, 4>& a) {
  return std::uint32_t{a[0]} << 24 | std::uint32_t{a[1]} << 16 | std::uint32_t{a[2]} << 8 | a[3];
}

bool is_in(const std::array<std::uint8_t, 4>& address, const Network& network) {
  const unsigned rest = 32 - network.bits;
  return number(address) >> rest == number(network.prefix) >> rest;
}

bool is_public_v4(const std::array<std::uint8_t, 4>& address) {
  return std::ranges::none_of(kNotPublic, [&](const Network& network) { return is_in(address, network); });
}

std::optional<unsigned> take_number(std::string_view& text) {
  unsigned value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc()) return std::nullopt;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  return value;
}

bool take(std::string_view& text, std::string_view expected) {
  if (!text.starts_with(expected)) return false;
  text.remove_prefix(expected.size());
  return true;
}

}  // namespace

std::string because(std::string_view what, const Fact& fact) {
  return fact.why.empty() ? std::string(what) : fmt::format("{} ({})", what, fact.why);
}

Evidence when_yes(std::string_view what, const Fact& fact) {
  return is_yes(fact) ? Evidence(because(what, fact)) : std::nullopt;
}

Evidence when_no(std::string_view what, const Fact& fact) {
  return is_no(fact) ? Evidence(because(what, fact)) : std::nullopt;
}

std::string joined(const std::vector<std::string>& names) { return fmt::format("{}", fmt::join(names, ", ")); }

bool is_modern(std::string_view dialect) {
  return std::ranges::find(kModernDialects, dialect) != std::end(kModernDialects);
}

bool speaks_modern(const HostFacts& host) {
  return std::ranges::any_of(kModernDialects,
                             [&](std::string_view name) { return is_yes(fact_of(host.dialects, name)); });
}

bool refuses_all_modern(const HostFacts& host) {
  return std::ranges::all_of(kModernDialects,
                             [&](std::string_view name) { return is_no(fact_of(host.dialects, name)); });
}

bool lets_anybody_in(const HostFacts& host) { return is_yes(host.guest) || is_yes(host.anonymous); }

bool is_public_address(std::string_view address) {
  const std::string text(address.substr(0, address.find('%')));
  std::array<std::uint8_t, 4> v4{};
  if (inet_pton(AF_INET, text.c_str(), v4.data()) == 1) return is_public_v4(v4);
  std::array<std::uint8_t, 16> v6{};
  if (inet_pton(AF_INET6, text.c_str(), v6.data()) != 1) return false;
  constexpr std::array<std::uint8_t, 12> kMapped{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF};
  if (std::ranges::equal(std::span(v6).first(12), kMapped)) return is_public_v4({v6[12], v6[13], v6[14], v6[15]});
  // RFC 4291 2.4: global unicast is 2000::/3; RFC 3849 keeps 2001:db8::/32 for documentation.
  const bool documentation = v6[0] == 0x20 && v6[1] == 0x01 && v6[2] == 0x0D && v6[3] == 0xB8;
  return (v6[0] & 0xE0) == 0x20 && !documentation;
}

std::optional<WindowsVersion> windows_version(std::string_view os) {
  const auto major = take_number(os);
  if (!major || !take(os, ".")) return std::nullopt;
  const auto minor = take_number(os);
  if (!minor || !take(os, " build ")) return std::nullopt;
  const auto build = take_number(os);
  if (!build) return std::nullopt;
  return WindowsVersion{*major, *minor, *build};
}

}  // namespace dozo::scan
