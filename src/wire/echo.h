// SMB2 ECHO. [MS-SMB2] 2.2.28, 2.2.29.
#pragma once

#include "wire/fields.h"

namespace dozo::wire {

// [MS-SMB2] 2.2.28.
struct EchoRequest {
  static constexpr std::string_view kName = "EchoRequest";

  template <class V, class S>
  static constexpr void fields(V& v, S&) {
    v.structure_size(4);
    v.reserved(2);
  }
};

// [MS-SMB2] 2.2.29.
struct EchoResponse {
  static constexpr std::string_view kName = "EchoResponse";

  template <class V, class S>
  static constexpr void fields(V& v, S&) {
    v.structure_size(4);
    v.reserved(2);
  }
};

}  // namespace dozo::wire
