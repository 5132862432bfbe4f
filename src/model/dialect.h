// SMB2 dialects. [MS-SMB2] 2.2.3.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace dozo {

enum class Dialect : std::uint16_t {
  smb_2_0_2 = 0x0202,
  smb_2_1 = 0x0210,
  smb_3_0 = 0x0300,
  smb_3_0_2 = 0x0302,
  smb_3_1_1 = 0x0311,
};

// The wildcard a server answers to a multi-protocol negotiate; never a session's dialect. [MS-SMB2] 2.2.4.
inline constexpr std::uint16_t kDialectWildcard = 0x02FF;

inline constexpr Dialect kAllDialects[] = {Dialect::smb_2_0_2, Dialect::smb_2_1, Dialect::smb_3_0, Dialect::smb_3_0_2,
                                           Dialect::smb_3_1_1};

constexpr std::optional<Dialect> dialect_from_wire(std::uint16_t value) {
  for (const Dialect d : kAllDialects) {
    if (static_cast<std::uint16_t>(d) == value) return d;
  }
  return std::nullopt;
}

constexpr bool is_smb3(Dialect d) { return d >= Dialect::smb_3_0; }

// "2.0.2", "2.1", "3.0", "3.0.2", "3.1.1": the names settings use.
std::string_view to_string(Dialect dialect);
std::optional<Dialect> dialect_from_string(std::string_view name);
inline std::string_view format_as(Dialect d) { return to_string(d); }

}  // namespace dozo
