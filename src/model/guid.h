// Guid: 16 bytes in wire order. [MS-DTYP] 2.3.4.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace dozo {

struct Guid {
  std::array<std::uint8_t, 16> bytes{};
  auto operator<=>(const Guid&) const = default;
  bool is_null() const { return *this == Guid{}; }
};

// "6ba7b810-9dad-11d1-80b4-00c04fd430c8", [MS-DTYP] 2.3.4.3 (the first three fields are little-endian on the wire).
std::string to_string(const Guid& guid);
std::optional<Guid> guid_from_string(std::string_view text);

}  // namespace dozo
