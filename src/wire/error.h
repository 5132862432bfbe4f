// SMB2 ERROR response. [MS-SMB2] 2.2.2.
#pragma once

#include <string>
#include <vector>

#include "wire/fields.h"

namespace dozo::wire {

// [MS-SMB2] 2.2.2. Real servers leave out the one byte of an empty ErrorData; it is written and not demanded.
struct ErrorResponse {
  static constexpr std::string_view kName = "ErrorResponse";
  std::uint8_t error_context_count = 0;  // 3.1.1: error_data is this many contexts
  Bytes error_data;

  template <class V, class S>
  static constexpr void fields(V& v, S& self) {
    v.structure_size(9);
    v("error_context_count", self.error_context_count);
    v.reserved(1);
    v.length_of(u32, self.error_data);
    v.sized("error_data", self.error_data);
    v.pad_empty_buffer();
  }
};

inline constexpr std::uint32_t kErrorIdDefault = 0x00000000;
inline constexpr std::uint32_t kErrorIdShareRedirect = 0x72645253;

// [MS-SMB2] 2.2.2.1.
struct ErrorContext {
  static constexpr std::string_view kName = "ErrorContext";
  std::uint32_t error_id = kErrorIdDefault;
  Bytes error_context_data;

  template <class V, class S>
  static constexpr void fields(V& v, S& self) {
    v.length_of(u32, self.error_context_data);
    v("error_id", self.error_id);
    v.sized("error_context_data", self.error_context_data);
  }
};

// The contexts of an ErrorData, each 8-aligned. STATUS_INVALID_PARAMETER when fewer than `count` are there.
Result<std::vector<ErrorContext>> decode_error_contexts(Bytes error_data, std::size_t count);
void encode_error_contexts(const std::vector<ErrorContext>& contexts, ByteWriter& out);

// [MS-SMB2] 2.2.2.2.1: the data of a STATUS_STOPPED_ON_SYMLINK error (itself inside a context in 3.1.1).
struct SymlinkErrorResponse {
  std::uint16_t unparsed_path_length = 0;  // bytes of the path behind the link
  bool relative = false;                   // SYMLINK_FLAG_RELATIVE
  std::u16string substitute_name;
  std::u16string print_name;
};
Result<SymlinkErrorResponse> decode_symlink_error(Bytes error_data);
void encode_symlink_error(const SymlinkErrorResponse& error, ByteWriter& out);

}  // namespace dozo::wire
