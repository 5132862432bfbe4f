// StrongId<Tag>: an integer of one meaning, with no implicit way to or from another.
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <functional>  // std::hash

namespace dozo {

template <class Tag, class Rep = std::uint64_t>
class StrongId {
 public:
  using Representation = Rep;
  constexpr StrongId() = default;
  constexpr explicit StrongId(Rep value) : value_(value) {}
  constexpr Rep value() const { return value_; }
  constexpr auto operator<=>(const StrongId&) const = default;

 private:
  Rep value_ = 0;
};

}  // namespace dozo

template <class Tag, class Rep>
struct std::hash<dozo::StrongId<Tag, Rep>> {
  std::size_t operator()(dozo::StrongId<Tag, Rep> id) const noexcept {
    // A 64-bit mix: ids are dense, tables are power-of-two sized.
    std::uint64_t x = static_cast<std::uint64_t>(id.value()) * 0x9E3779B97F4A7C15ull;
    return static_cast<std::size_t>(x ^ (x >> 32));
  }
};
