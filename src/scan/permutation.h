// Permutation: the numbers below a bound in an order that looks random, one at a time and from any place.
#pragma once

#include <array>
#include <cstdint>

namespace dozo::scan {

// Value. A Feistel network over the smallest even number of bits that holds the bound, walked until the result is below
// it. The same size and seed give the same order everywhere.
class Permutation {
 public:
  Permutation(std::uint64_t size, std::uint64_t seed);
  std::uint64_t size() const { return size_; }
  // Each number below size() is the answer for one position below size().
  std::uint64_t at(std::uint64_t position) const;

 private:
  std::uint64_t mix(std::uint64_t value) const;

  std::uint64_t size_;
  unsigned half_bits_;
  std::array<std::uint64_t, 4> keys_{};
};

}  // namespace dozo::scan
