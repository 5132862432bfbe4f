// SMB2 LOGOFF. [MS-SMB2] 2.2.7, 2.2.8.
#pragma once

#include "wire/fields.h"

namespace dozo::wire {

// [MS-SMB2] 2.2.7.
struct LogoffRequest {
  static constexpr std::string_view kName = "LogoffRequest";

  template <class V, class S>
  static constexpr void fields(V& v, S&) {
    v.structure_size(4);
    v.reserved(2);
  }
};

// [MS-SMB2] 2.2.8.
struct LogoffResponse {
  static constexpr std::string_view kName = "LogoffResponse";

  template <class V, class S>
  static constexpr void fields(V& v, S&) {
    v.structure_size(4);
    v.reserved(2);
  }
};

}  // namespace dozo::wire
