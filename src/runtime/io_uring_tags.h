// What the user_data of a request points to: a pointer and, in its low bits, what kind.
#pragma once

#include <bit>
#include <cstdint>

namespace dozo::runtime {

enum class Tag : std::uint64_t { operation, send, accept, wake, ignored };
inline constexpr std::uint64_t tag_mask = 7;  // every target is aligned to 8

inline std::uint64_t tagged(const void* target, Tag tag) {
  return std::bit_cast<std::uint64_t>(target) | static_cast<std::uint64_t>(tag);
}
inline Tag tag_of(std::uint64_t user_data) { return static_cast<Tag>(user_data & tag_mask); }
template <class T>
T& target_of(std::uint64_t user_data) {
  return *static_cast<T*>(std::bit_cast<void*>(user_data & ~tag_mask));
}

}  // namespace dozo::runtime
