// Secret<N>: key material of at most N bytes. Wiped when its owner ends; prints as ***.
#pragma once

#include <array>
#include <cstring>

#include "base/assert.h"
#include "base/bytes.h"

namespace dozo {

// Overwrites memory in a way the compiler may not drop.
void wipe(MutableBytes memory);

template <std::size_t N>
class Secret {
 public:
  Secret() = default;
  explicit Secret(Bytes value) : size_(value.size()) {
    DOZO_ASSERT(value.size() <= N);
    if (!value.empty()) std::memcpy(bytes_.data(), value.data(), value.size());
  }
  Secret(const Secret&) = default;
  Secret& operator=(const Secret&) = default;
  ~Secret() { wipe(bytes_); }

  Bytes bytes() const { return {bytes_.data(), size_}; }
  MutableBytes resize(std::size_t n) {
    DOZO_ASSERT(n <= N);
    size_ = n;
    return {bytes_.data(), n};
  }
  std::size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }

 private:
  std::array<std::uint8_t, N> bytes_{};
  std::size_t size_ = 0;
};

template <std::size_t N>
constexpr const char* format_as(const Secret<N>&) {
  return "***";
}

}  // namespace dozo
