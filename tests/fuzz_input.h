// Bytes of a fuzzer, or of a seed, as a script of what to do.
#pragma once

#include <algorithm>

#include "base/bytes.h"

namespace dozo::testing {

// Reads what there is; zeros behind the end.
class FuzzInput {
 public:
  explicit FuzzInput(Bytes bytes) : bytes_(bytes) {}
  bool empty() const { return bytes_.empty(); }
  std::uint8_t u8() {
    if (bytes_.empty()) return 0;
    const std::uint8_t value = bytes_.front();
    bytes_ = bytes_.subspan(1);
    return value;
  }
  std::uint16_t u16() {
    const std::uint8_t low = u8();
    return static_cast<std::uint16_t>(low | u8() << 8);
  }
  Bytes take(std::size_t n) {
    const Bytes out = bytes_.first(std::min(n, bytes_.size()));
    bytes_ = bytes_.subspan(out.size());
    return out;
  }

 private:
  Bytes bytes_;
};

}  // namespace dozo::testing
