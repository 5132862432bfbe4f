// SMB2 QUERY_INFO. [MS-SMB2] 2.2.37, 2.2.38. What the buffers hold is in wire/fscc/.
#pragma once

#include "model/flags.h"
#include "wire/fields.h"
#include "wire/info_class.h"

namespace dozo::wire {

enum class QueryInfoFlag : std::uint32_t {
  restart_scan = 0x00000001,
  return_single_entry = 0x00000002,
  index_specified = 0x00000004,
};
using QueryInfoFlags = Flags<QueryInfoFlag>;
DOZO_FLAGS(QueryInfoFlag)

// [MS-SMB2] 2.2.37. file_info_class is a FileInfoClass or an FsInfoClass, as info_type says.
struct QueryInfoRequest {
  static constexpr std::string_view kName = "QueryInfoRequest";
  InfoType info_type = InfoType::file;
  std::uint8_t file_info_class = 0;
  std::uint32_t output_buffer_length = 0;
  Bytes input_buffer;
  std::uint32_t additional_information = 0;
  QueryInfoFlags flags;
  FileId file_id;

  template <class V, class S>
  static constexpr void fields(V& v, S& self) {
    v.structure_size(41);
    v("info_type", self.info_type);
    v("file_info_class", self.file_info_class);
    v("output_buffer_length", self.output_buffer_length);
    v.offset(u16);
    v.reserved(2);
    v.length(u32, "input_buffer", self.input_buffer, {.when_empty = EmptyOffset::end_of_fixed_part});
    v("additional_information", self.additional_information);
    v("flags", self.flags);
    v("file_id", self.file_id);
    v.pad_empty_buffer();
  }
};

// [MS-SMB2] 2.2.38.
struct QueryInfoResponse {
  static constexpr std::string_view kName = "QueryInfoResponse";
  Bytes output_buffer;

  template <class V, class S>
  static constexpr void fields(V& v, S& self) {
    v.structure_size(9);
    v.offset(u16);
    v.length(u32, "output_buffer", self.output_buffer, {.when_empty = EmptyOffset::end_of_fixed_part});
  }
};

}  // namespace dozo::wire
