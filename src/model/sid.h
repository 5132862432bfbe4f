// Security identifiers. [MS-DTYP] 2.4.2.
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"

namespace dozo {

struct Sid {
  static constexpr std::size_t kMaxSubAuthorities = 15;

  std::uint64_t authority = 0;  // 48 bits
  std::vector<std::uint32_t> sub_authorities;

  auto operator<=>(const Sid&) const = default;
  Sid child(std::uint32_t rid) const;
  // Whether this is `domain` with one more sub-authority.
  bool is_child_of(const Sid& domain) const;
  std::uint32_t rid() const { return sub_authorities.empty() ? 0 : sub_authorities.back(); }
  std::size_t encoded_size() const { return 8 + 4 * sub_authorities.size(); }
};

// The packet form, [MS-DTYP] 2.4.2.2: revision, count, 48-bit big-endian authority, sub-authorities.
// decode_sid fails with STATUS_INVALID_SID; it reads exactly one SID and leaves the reader behind it.
Result<Sid> decode_sid(ByteReader& in);
void encode_sid(const Sid& sid, ByteWriter& out);

// "S-1-5-32-544".
std::string to_string(const Sid& sid);
std::optional<Sid> sid_from_string(std::string_view text);

// Well-known ones, [MS-DTYP] 2.4.2.4.
Sid sid_everyone();                     // S-1-1-0
Sid sid_creator_owner();                // S-1-3-0
Sid sid_creator_group();                // S-1-3-1
Sid sid_owner_rights();                 // S-1-3-4
Sid sid_network();                      // S-1-5-2
Sid sid_anonymous();                    // S-1-5-7
Sid sid_authenticated_users();          // S-1-5-11
Sid sid_system();                       // S-1-5-18
Sid sid_builtin();                      // S-1-5-32
Sid sid_administrators();               // S-1-5-32-544
Sid sid_unix_user(std::uint32_t uid);   // S-1-22-1-UID, as Samba maps them
Sid sid_unix_group(std::uint32_t gid);  // S-1-22-2-GID

}  // namespace dozo
