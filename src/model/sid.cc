#include "model/sid.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "base/assert.h"
#include "model/nt_status.h"

namespace dozo {
namespace {

constexpr std::uint64_t kLargestAuthority = (1ull << 48) - 1;

// A whole number in all of `text`, in `base`; nullopt on anything else.
std::optional<std::uint64_t> parse_number(std::string_view text, int base, std::uint64_t largest) {
  std::uint64_t value = 0;
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value, base);
  if (error != std::errc{} || stop != end || value > largest) return std::nullopt;
  return value;
}

std::optional<std::uint64_t> parse_authority(std::string_view text) {
  if (text.starts_with("0x") || text.starts_with("0X")) return parse_number(text.substr(2), 16, kLargestAuthority);
  return parse_number(text, 10, kLargestAuthority);
}

// Cuts `text` at the next dash; what stood before it is returned.
std::string_view next_part(std::string_view& text) {
  const std::size_t dash = text.find('-');
  const std::string_view part = text.substr(0, dash);
  text = dash == std::string_view::npos ? std::string_view{} : text.substr(dash + 1);
  return part;
}

}  // namespace

Sid Sid::child(std::uint32_t rid) const {
  DOZO_ASSERT(sub_authorities.size() < kMaxSubAuthorities);
  Sid out = *this;
  out.sub_authorities.push_back(rid);
  return out;
}

bool Sid::is_child_of(const Sid& domain) const {
  return authority == domain.authority && sub_authorities.size() == domain.sub_authorities.size() + 1 &&
         std::equal(domain.sub_authorities.begin(), domain.sub_authorities.end(), sub_authorities.begin());
}

Result<Sid> decode_sid(ByteReader& in) {
  // [MS-DTYP] 2.4.2.2: Revision is 1, at most 15 sub-authorities.
  const std::uint8_t revision = in.u8();
  const std::uint8_t count = in.u8();
  const auto authority = in.array<6>();
  if (!in.ok() || revision != 1 || count > Sid::kMaxSubAuthorities || in.remaining() < 4u * count) {
    in.set_bad();
    return fail(NtStatus::INVALID_SID);
  }
  Sid sid;
  for (const std::uint8_t byte : authority) sid.authority = sid.authority << 8 | byte;
  sid.sub_authorities.reserve(count);
  for (int i = 0; i < count; ++i) sid.sub_authorities.push_back(in.u32());
  return sid;
}

void encode_sid(const Sid& sid, ByteWriter& out) {
  DOZO_ASSERT(sid.sub_authorities.size() <= Sid::kMaxSubAuthorities && sid.authority <= kLargestAuthority);
  out.u8(1);
  out.u8(static_cast<std::uint8_t>(sid.sub_authorities.size()));
  for (int shift = 40; shift >= 0; shift -= 8) out.u8(static_cast<std::uint8_t>(sid.authority >> shift));
  for (const std::uint32_t sub : sid.sub_authorities) out.u32(sub);
}

std::string to_string(const Sid& sid) {
  // [MS-DTYP] 2.4.2.1: an authority of 2^32 and more is written as twelve hexadecimal digits.
  std::string out =
      sid.authority > UINT32_MAX ? fmt::format("S-1-0x{:012x}", sid.authority) : fmt::format("S-1-{}", sid.authority);
  for (const std::uint32_t sub : sid.sub_authorities) out += fmt::format("-{}", sub);
  return out;
}

std::optional<Sid> sid_from_string(std::string_view text) {
  if (!text.starts_with("S-1-") && !text.starts_with("s-1-")) return std::nullopt;
  if (text.ends_with('-')) return std::nullopt;
  text.remove_prefix(4);
  const auto authority = parse_authority(next_part(text));
  if (!authority) return std::nullopt;
  Sid sid{.authority = *authority, .sub_authorities = {}};
  while (!text.empty()) {
    const auto sub = parse_number(next_part(text), 10, UINT32_MAX);
    if (!sub || sid.sub_authorities.size() == Sid::kMaxSubAuthorities) return std::nullopt;
    sid.sub_authorities.push_back(static_cast<std::uint32_t>(*sub));
  }
  return sid;
}

Sid sid_everyone() { return {1, {0}}; }
Sid sid_creator_owner() { return {3, {0}}; }
Sid sid_creator_group() { return {3, {1}}; }
Sid sid_owner_rights() { return {3, {4}}; }
Sid sid_network() { return {5, {2}}; }
Sid sid_anonymous() { return {5, {7}}; }
Sid sid_authenticated_users() { return {5, {11}}; }
Sid sid_system() { return {5, {18}}; }
Sid sid_builtin() { return {5, {32}}; }
Sid sid_administrators() { return {5, {32, 544}}; }
Sid sid_unix_user(std::uint32_t uid) { return {22, {1, uid}}; }
Sid sid_unix_group(std::uint32_t gid) { return {22, {2, gid}}; }

}  // namespace dozo
