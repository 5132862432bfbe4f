// Variable parts of messages: views of bytes, UTF-16 text, and lists. VariableCodec<T> says how a T fills the
// bytes that a length field or an (offset, length) pair describes. Other types specialise it beside themselves.
#pragma once

#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/unicode.h"

namespace dozo::wire {

// decode: false when `in` is not a T. size: what encode will append.
template <class T>
struct VariableCodec;

template <>
struct VariableCodec<Bytes> {
  static bool decode(Bytes in, Bytes& out) {
    out = in;
    return true;
  }
  static void encode(ByteWriter& out, const Bytes& value) { out.bytes(value); }
  static std::size_t size(const Bytes& value) { return value.size(); }
};

// Owned bytes, for values that outlive the message.
template <>
struct VariableCodec<ByteVector> {
  static bool decode(Bytes in, ByteVector& out) {
    out.assign(in.begin(), in.end());
    return true;
  }
  static void encode(ByteWriter& out, const ByteVector& value) { out.bytes(value); }
  static std::size_t size(const ByteVector& value) { return value.size(); }
};

// UTF-16LE. An odd length is refused. Decoding into a string that has the capacity allocates nothing.
template <>
struct VariableCodec<std::u16string> {
  static bool decode(Bytes in, std::u16string& out) {
    if (in.size() % 2 != 0) return false;
    out.resize(in.size() / 2);
    for (std::size_t i = 0; i < out.size(); ++i) out[i] = static_cast<char16_t>(load_le<std::uint16_t>(&in[2 * i]));
    return true;
  }
  static void encode(ByteWriter& out, const std::u16string& value) {
    const std::size_t at = out.size();
    out.zeros(2 * value.size());
    std::uint8_t* to = out.mutable_view().data() + at;
    for (std::size_t i = 0; i < value.size(); ++i) store_le(to + 2 * i, static_cast<std::uint16_t>(value[i]));
  }
  static std::size_t size(const std::u16string& value) { return 2 * value.size(); }
};

// 8-bit text: EA names, share comments of old. Bytes as they are.
template <>
struct VariableCodec<std::string> {
  static bool decode(Bytes in, std::string& out) {
    out.assign(as_text(in));
    return true;
  }
  static void encode(ByteWriter& out, const std::string& value) { out.bytes(as_bytes(value)); }
  static std::size_t size(const std::string& value) { return value.size(); }
};

}  // namespace dozo::wire
