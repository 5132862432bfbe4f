// SMB2 CANCEL; it has no response of its own. [MS-SMB2] 2.2.30.
#pragma once

#include "wire/fields.h"

namespace dozo::wire {

// [MS-SMB2] 2.2.30.
struct CancelRequest {
  static constexpr std::string_view kName = "CancelRequest";

  template <class V, class S>
  static constexpr void fields(V& v, S&) {
    v.structure_size(4);
    v.reserved(2);
  }
};

}  // namespace dozo::wire
