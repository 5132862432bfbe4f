// Bytes and the little-endian cursors over them. The only file in which a pointer is reinterpreted.
#pragma once

#include <array>
#include <bit>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace dozo {

using Bytes = std::span<const std::uint8_t>;    // a view; the owner outlives it
using MutableBytes = std::span<std::uint8_t>;
using ByteVector = std::vector<std::uint8_t>;

template <class T>
concept WireInteger = std::unsigned_integral<T> && !std::same_as<T, bool>;

template <WireInteger T>
T load_le(const std::uint8_t* p) {
  T v;
  std::memcpy(&v, p, sizeof v);
  if constexpr (std::endian::native == std::endian::big) v = std::byteswap(v);
  return v;
}

template <WireInteger T>
void store_le(std::uint8_t* p, T v) {
  if constexpr (std::endian::native == std::endian::big) v = std::byteswap(v);
  std::memcpy(p, &v, sizeof v);
}

template <WireInteger T>
T load_be(const std::uint8_t* p) {
  return std::byteswap(load_le<T>(p));
}

template <WireInteger T>
void store_be(std::uint8_t* p, T v) {
  store_le(p, std::byteswap(v));
}

// Views between text and bytes, for C interfaces that take the other of the two.
inline Bytes as_bytes(std::string_view s) {
  return {reinterpret_cast<const std::uint8_t*>(s.data()), s.size()};
}
inline std::string_view as_text(Bytes b) {
  return {reinterpret_cast<const char*>(b.data()), b.size()};
}
inline char* as_chars(std::uint8_t* p) { return reinterpret_cast<char*>(p); }
inline const char* as_chars(const std::uint8_t* p) { return reinterpret_cast<const char*>(p); }

// Whether [offset, offset + length) lies within `size`, without wrapping.
constexpr bool in_range(std::uint64_t offset, std::uint64_t length, std::uint64_t size) {
  return offset <= size && length <= size - offset;
}

// Reads integers and slices in order. Sticky: after the first read out of range every read yields zero or an
// empty view and ok() is false, so a decoder reads everything and checks once.
class ByteReader {
 public:
  explicit ByteReader(Bytes bytes, std::size_t position = 0)
      : bytes_(bytes), position_(position), ok_(position <= bytes.size()) {}

  bool ok() const { return ok_; }
  void set_bad() { ok_ = false; }
  std::size_t position() const { return position_; }
  std::size_t remaining() const { return ok_ ? bytes_.size() - position_ : 0; }
  Bytes all() const { return bytes_; }
  Bytes rest() const { return ok_ ? bytes_.subspan(position_) : Bytes{}; }

  template <WireInteger T>
  T read() {
    if (!take(sizeof(T))) return 0;
    return load_le<T>(bytes_.data() + position_ - sizeof(T));
  }
  std::uint8_t u8() { return read<std::uint8_t>(); }
  std::uint16_t u16() { return read<std::uint16_t>(); }
  std::uint32_t u32() { return read<std::uint32_t>(); }
  std::uint64_t u64() { return read<std::uint64_t>(); }

  Bytes bytes(std::size_t n) {
    if (!take(n)) return {};
    return bytes_.subspan(position_ - n, n);
  }
  template <std::size_t N>
  std::array<std::uint8_t, N> array() {
    std::array<std::uint8_t, N> out{};
    if (take(N)) std::memcpy(out.data(), bytes_.data() + position_ - N, N);
    return out;
  }
  void skip(std::size_t n) { take(n); }
  // Skips to the next multiple of `alignment`, counted from the start of the whole view.
  void align(std::size_t alignment) { skip((alignment - position_ % alignment) % alignment); }
  // Moves to an absolute position, forwards or backwards.
  void seek(std::size_t position) {
    if (position > bytes_.size()) ok_ = false;
    if (ok_) position_ = position;
  }
  // The view [offset, offset + length) of the whole message; bad when out of range or wrapping.
  Bytes slice(std::uint64_t offset, std::uint64_t length) {
    if (!ok_ || !in_range(offset, length, bytes_.size())) {
      ok_ = false;
      return {};
    }
    return bytes_.subspan(static_cast<std::size_t>(offset), static_cast<std::size_t>(length));
  }

 private:
  bool take(std::size_t n) {
    if (!ok_ || n > bytes_.size() - position_) {
      ok_ = false;
      return false;
    }
    position_ += n;
    return true;
  }

  Bytes bytes_;
  std::size_t position_;
  bool ok_;
};

// Appends little-endian values to a growing vector; patches what becomes known later.
class ByteWriter {
 public:
  ByteWriter() = default;

  std::size_t size() const { return out_.size(); }
  Bytes view() const { return out_; }
  ByteVector take() && { return std::move(out_); }
  MutableBytes mutable_view() { return out_; }
  void reserve(std::size_t n) { out_.reserve(n); }

  template <WireInteger T>
  void write(T v) {
    const std::size_t at = out_.size();
    out_.resize(at + sizeof v);
    store_le(out_.data() + at, v);
  }
  void u8(std::uint8_t v) { out_.push_back(v); }
  void u16(std::uint16_t v) { write(v); }
  void u32(std::uint32_t v) { write(v); }
  void u64(std::uint64_t v) { write(v); }
  void bytes(Bytes b) { out_.insert(out_.end(), b.begin(), b.end()); }
  void zeros(std::size_t n) { out_.resize(out_.size() + n); }
  // Zero-pads to a multiple of `alignment`, counted from `origin` (a position in this writer).
  void align(std::size_t alignment, std::size_t origin = 0) {
    zeros((alignment - (out_.size() - origin) % alignment) % alignment);
  }
  template <WireInteger T>
  void patch(std::size_t position, T v) {
    store_le(out_.data() + position, v);
  }

 private:
  ByteVector out_;
};

}  // namespace dozo
