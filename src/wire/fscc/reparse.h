// Reparse points: FSCTL_GET_REPARSE_POINT, FSCTL_SET_REPARSE_POINT. [MS-FSCC] 2.1.2.
#pragma once

#include <string>

#include "wire/fields.h"

namespace dozo::wire {

inline constexpr std::uint32_t kReparseTagMountPoint = 0xA0000003;
inline constexpr std::uint32_t kReparseTagSymlink = 0xA000000C;
inline constexpr std::uint32_t kReparseTagNfs = 0x80000014;

// [MS-FSCC] 2.1.2.2 REPARSE_DATA_BUFFER. Tags without the Microsoft bit have a GUID first, which is then in data.
struct ReparseDataBuffer {
  static constexpr std::string_view kName = "ReparseDataBuffer";
  std::uint32_t reparse_tag = 0;
  Bytes data;

  template <class V, class S>
  static constexpr void fields(V& v, S& self) {
    v("reparse_tag", self.reparse_tag);
    v.length_of(u16, self.data);
    v.reserved(2);
    v.sized("data", self.data);
  }
};

// [MS-FSCC] 2.1.2.4: what the data of a symbolic link says.
struct SymlinkData {
  std::u16string substitute_name;
  std::u16string print_name;
  bool relative = false;  // SYMLINK_FLAG_RELATIVE
};
// From and to ReparseDataBuffer::data. STATUS_INVALID_PARAMETER when a name lies outside PathBuffer.
Result<SymlinkData> decode_symlink_data(Bytes data);
void encode_symlink_data(const SymlinkData& link, ByteWriter& out);

// A whole REPARSE_DATA_BUFFER with a symbolic link in it.
ByteVector encode_symlink_reparse(const SymlinkData& link);

}  // namespace dozo::wire
