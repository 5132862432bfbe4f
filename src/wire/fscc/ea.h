// Extended attributes: FileFullEaInformation and what asks for it. [MS-FSCC] 2.4.16. Chains, 4-aligned.
#pragma once

#include <string>
#include <string_view>

#include "wire/chain.h"
#include "wire/fields.h"

namespace dozo::wire {

inline constexpr std::size_t kEaAlignment = 4;
inline constexpr std::uint8_t kEaFlagNeedEa = 0x80;

// [MS-FSCC] 2.4.16. The name is 8-bit text; a NUL that is not counted stands behind it.
struct FileFullEaInformation {
  static constexpr std::string_view kName = "FileFullEaInformation";
  std::uint8_t flags = 0;
  std::string ea_name;
  Bytes ea_value;
  template <class V, class S>
  static constexpr void fields(V& v, S& self) {
    v.reserved(4);
    v("flags", self.flags);
    v.length_of(u8, self.ea_name);
    v.length_of(u16, self.ea_value);
    v.sized("ea_name", self.ea_name);
    v.must_be(std::uint8_t{0});
    v.sized("ea_value", self.ea_value);
  }
};

// [MS-FSCC] 2.4.16.1.
struct FileGetEaInformation {
  static constexpr std::string_view kName = "FileGetEaInformation";
  std::string ea_name;
  template <class V, class S>
  static constexpr void fields(V& v, S& self) {
    v.reserved(4);
    v.length_of(u8, self.ea_name);
    v.sized("ea_name", self.ea_name);
    v.must_be(std::uint8_t{0});
  }
};

}  // namespace dozo::wire
