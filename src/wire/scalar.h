// How one value of a message lies on the wire: integers little-endian, enums, Flags and StrongIds as their
// integer, FileId, Guid, FileTime and byte arrays as they are. The leaves under wire/fields.h.
#pragma once

#include <array>
#include <concepts>
#include <cstdint>
#include <type_traits>

#include "base/bytes.h"
#include "model/file_time.h"
#include "model/guid.h"
#include "model/ids.h"

namespace dozo::wire {

template <class T>
concept FlagsLike = requires { T::from_wire(typename T::Representation{}).bits(); };

template <class T>
concept IdLike = requires(const T id) {
  typename T::Representation;
  { id.value() } -> std::same_as<typename T::Representation>;
};

template <class T>
struct IsByteArray : std::false_type {};
template <std::size_t N>
struct IsByteArray<std::array<std::uint8_t, N>> : std::true_type {};

// A message or part of one that lists its own fields.
struct AnyVisitor {};
template <class T>
concept HasFields = std::is_class_v<T> && requires(AnyVisitor& v, T& self) { &T::template fields<AnyVisitor, T>; };

// Reads one value; the reader goes bad when it is not there. Enum values dozo does not know are kept as they
// are: what an unknown value means is decided by whoever acts on it.
template <class T>
constexpr void get_value(ByteReader& in, T& out) {
  if constexpr (std::same_as<T, bool>) {
    out = in.u8() != 0;
  } else if constexpr (WireInteger<T>) {
    out = in.read<T>();
  } else if constexpr (std::is_enum_v<T>) {
    out = static_cast<T>(in.read<std::underlying_type_t<T>>());
  } else if constexpr (FlagsLike<T>) {
    out = T::from_wire(in.read<typename T::Representation>());
  } else if constexpr (IdLike<T>) {
    out = T(in.read<typename T::Representation>());
  } else if constexpr (std::same_as<T, FileId>) {
    out.persistent = in.u64();
    out.volatile_id = in.u64();
  } else if constexpr (std::same_as<T, Guid>) {
    out.bytes = in.array<16>();
  } else if constexpr (std::same_as<T, FileTime>) {
    out.ticks = in.u64();
  } else {
    static_assert(IsByteArray<T>::value, "not a wire value");
    out = in.array<std::tuple_size_v<T>>();
  }
}

template <class T>
constexpr void put_value(ByteWriter& out, const T& value) {
  if constexpr (std::same_as<T, bool>) {
    out.u8(value ? 1 : 0);
  } else if constexpr (WireInteger<T>) {
    out.write(value);
  } else if constexpr (std::is_enum_v<T>) {
    out.write(static_cast<std::underlying_type_t<T>>(value));
  } else if constexpr (FlagsLike<T>) {
    out.write(value.bits());
  } else if constexpr (IdLike<T>) {
    out.write(value.value());
  } else if constexpr (std::same_as<T, FileId>) {
    out.u64(value.persistent);
    out.u64(value.volatile_id);
  } else if constexpr (std::same_as<T, Guid>) {
    out.bytes(value.bytes);
  } else if constexpr (std::same_as<T, FileTime>) {
    out.u64(value.ticks);
  } else {
    static_assert(IsByteArray<T>::value, "not a wire value");
    out.bytes(value);
  }
}

template <class T>
consteval std::size_t value_size() {
  if constexpr (std::same_as<T, bool>) {
    return 1;
  } else if constexpr (IsByteArray<T>::value) {
    return std::tuple_size_v<T>;
  } else if constexpr (FlagsLike<T> || IdLike<T>) {
    return sizeof(typename T::Representation);
  } else {
    static_assert(WireInteger<T> || std::is_enum_v<T> || std::same_as<T, FileId> || std::same_as<T, Guid> ||
                  std::same_as<T, FileTime>);
    return sizeof(T);
  }
}

}  // namespace dozo::wire
