// Random numbers from the operating system's generator.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "base/bytes.h"

namespace dozo::crypto {

// Fills `out` from the kernel's generator; never returns with fewer bytes. Thread-safe.
void fill_random(MutableBytes out);

template <std::size_t N>
std::array<std::uint8_t, N> random_bytes() {
  std::array<std::uint8_t, N> out;
  fill_random(out);
  return out;
}

}  // namespace dozo::crypto
