// SMB2 SET_INFO. [MS-SMB2] 2.2.39, 2.2.40. What the buffer holds is in wire/fscc/.
#pragma once

#include "wire/fields.h"
#include "wire/info_class.h"

namespace dozo::wire {

// [MS-SMB2] 2.2.39. file_info_class is a FileInfoClass or an FsInfoClass, as info_type says.
struct SetInfoRequest {
  static constexpr std::string_view kName = "SetInfoRequest";
  InfoType info_type = InfoType::file;
  std::uint8_t file_info_class = 0;
  Bytes buffer;
  std::uint32_t additional_information = 0;
  FileId file_id;

  template <class V, class S>
  static constexpr void fields(V& v, S& self) {
    v.structure_size(33);
    v("info_type", self.info_type);
    v("file_info_class", self.file_info_class);
    v.length_then_offset(u32, u16, "buffer", self.buffer, {.when_empty = EmptyOffset::end_of_fixed_part});
    v.reserved(2);
    v("additional_information", self.additional_information);
    v("file_id", self.file_id);
    v.pad_empty_buffer();
  }
};

// [MS-SMB2] 2.2.40.
struct SetInfoResponse {
  static constexpr std::string_view kName = "SetInfoResponse";

  template <class V, class S>
  static constexpr void fields(V& v, S&) {
    v.structure_size(2);
  }
};

}  // namespace dozo::wire
