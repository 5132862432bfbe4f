// FileStreamInformation: the data streams of a file. [MS-FSCC] 2.4.49. A chain, 8-aligned.
#pragma once

#include <string>
#include <string_view>

#include "wire/chain.h"
#include "wire/fields.h"

namespace dozo::wire {

// [MS-FSCC] 2.4.49. Names are as [MS-FSCC] 2.1.5.3 has them: "::$DATA", ":name:$DATA".
struct FileStreamInformation {
  static constexpr std::string_view kName = "FileStreamInformation";
  std::uint64_t stream_size = 0;
  std::uint64_t stream_allocation_size = 0;
  std::u16string stream_name;
  template <class V, class S>
  static constexpr void fields(V& v, S& self) {
    v.reserved(4);
    v.length_of(u32, self.stream_name);
    v("stream_size", self.stream_size);
    v("stream_allocation_size", self.stream_allocation_size);
    v.sized("stream_name", self.stream_name);
  }
};

}  // namespace dozo::wire
