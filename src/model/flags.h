// Flags<E>: a set of the bits of a scoped enum. Unknown bits from the wire are kept, so that values round-trip.
#pragma once

#include <type_traits>

namespace dozo {

template <class E>
class Flags {
 public:
  using Representation = std::underlying_type_t<E>;
  constexpr Flags() = default;
  constexpr Flags(E bit) : bits_(static_cast<Representation>(bit)) {}  // NOLINT: one bit is a set
  static constexpr Flags from_wire(Representation bits) {
    Flags f;
    f.bits_ = bits;
    return f;
  }
  constexpr Representation bits() const { return bits_; }
  constexpr bool has(E bit) const {
    return (bits_ & static_cast<Representation>(bit)) == static_cast<Representation>(bit);
  }
  constexpr bool has_any(Flags f) const { return (bits_ & f.bits_) != 0; }
  constexpr bool has_all(Flags f) const { return (bits_ & f.bits_) == f.bits_; }
  constexpr bool empty() const { return bits_ == 0; }
  constexpr Flags operator|(Flags f) const { return from_wire(static_cast<Representation>(bits_ | f.bits_)); }
  constexpr Flags operator&(Flags f) const { return from_wire(static_cast<Representation>(bits_ & f.bits_)); }
  constexpr Flags without(Flags f) const { return from_wire(static_cast<Representation>(bits_ & ~f.bits_)); }
  constexpr Flags& operator|=(Flags f) { return *this = *this | f; }
  constexpr bool operator==(const Flags&) const = default;

 private:
  Representation bits_ = 0;
};

}  // namespace dozo

// Lets two bits of `E` be joined with |.
#define DOZO_FLAGS(E) \
  constexpr ::dozo::Flags<E> operator|(E a, E b) { return ::dozo::Flags<E>(a) | b; }
