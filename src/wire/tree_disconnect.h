// SMB2 TREE_DISCONNECT. [MS-SMB2] 2.2.11, 2.2.12.
#pragma once

#include "wire/fields.h"

namespace dozo::wire {

// [MS-SMB2] 2.2.11.
struct TreeDisconnectRequest {
  static constexpr std::string_view kName = "TreeDisconnectRequest";

  template <class V, class S>
  static constexpr void fields(V& v, S&) {
    v.structure_size(4);
    v.reserved(2);
  }
};

// [MS-SMB2] 2.2.12.
struct TreeDisconnectResponse {
  static constexpr std::string_view kName = "TreeDisconnectResponse";

  template <class V, class S>
  static constexpr void fields(V& v, S&) {
    v.structure_size(4);
    v.reserved(2);
  }
};

}  // namespace dozo::wire
