#include "scan/permutation.h"

#include <algorithm>
#include <bit>

#include "base/assert.h"

namespace dozo::scan {
namespace {

// SplitMix64: each step spreads every bit of its input over all of the output.
std::uint64_t scramble(std::uint64_t value) {
  value += 0x9E3779B97F4A7C15;
  value = (value ^ (value >> 30)) * 0xBF58476D1CE4E5B9;
  value = (value ^ (value >> 27)) * 0x94D049BB133111EB;
  return value ^ (value >> 31);
}

}  // namespace

Permutation::Permutation(std::uint64_t size, std::uint64_t seed) : size_(size) {
  const auto bits = static_cast<unsigned>(std::bit_width(size == 0 ? 0 : size - 1));
  half_bits_ = std::max(1u, (bits + 1) / 2);
  for (std::uint64_t& key : keys_) key = seed = scramble(seed);
}

std::uint64_t Permutation::mix(std::uint64_t value) const {
  const std::uint64_t mask = (std::uint64_t{1} << half_bits_) - 1;
  std::uint64_t left = value >> half_bits_;
  std::uint64_t right = value & mask;
  for (const std::uint64_t key : keys_) {
    const std::uint64_t next = left ^ (scramble(right ^ key) & mask);
    left = right;
    right = next;
  }
  return left << half_bits_ | right;
}

std::uint64_t Permutation::at(std::uint64_t position) const {
  DOZO_ASSERT(position < size_);
  // mix() permutes fewer than 4 size_ numbers, so the walk is short; it ends, for it comes back to `position` at last.
  std::uint64_t value = mix(position);
  while (value >= size_) value = mix(value);
  return value;
}

}  // namespace dozo::scan
