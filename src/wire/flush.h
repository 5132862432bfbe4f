// SMB2 FLUSH. [MS-SMB2] 2.2.17, 2.2.18.
#pragma once

#include "wire/fields.h"

namespace dozo::wire {

// [MS-SMB2] 2.2.17.
struct FlushRequest {
  static constexpr std::string_view kName = "FlushRequest";
  std::uint16_t reserved1 = 0;  // Apple's F_FULLFSYNC is asked for here
  FileId file_id;

  template <class V, class S>
  static constexpr void fields(V& v, S& self) {
    v.structure_size(24);
    v("reserved1", self.reserved1);
    v.reserved(4);
    v("file_id", self.file_id);
  }
};

// [MS-SMB2] 2.2.18.
struct FlushResponse {
  static constexpr std::string_view kName = "FlushResponse";

  template <class V, class S>
  static constexpr void fields(V& v, S&) {
    v.structure_size(4);
    v.reserved(2);
  }
};

}  // namespace dozo::wire
