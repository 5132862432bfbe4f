// to_text: a message as one line of `name=value`, for logs, traces and golden files. Names as the struct spells
// them; byte strings are cut after kPrintedBytes, since they may hold what a log must not.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "wire/fields.h"

namespace dozo::wire {

class Printer {
 public:
  static constexpr bool kDecodes = false;
  static constexpr std::size_t kPrintedBytes = 16;
  explicit Printer(std::string& out) : out_(out) {}

  template <class T>
  constexpr void operator()(std::string_view name, const T& member) {
    begin(name);
    value(member);
  }
  void structure_size(std::uint16_t) {}
  template <WireInteger T>
  void must_be(T) {}
  void reserved(std::size_t) {}
  template <class W>
  void skip_offset(Width<W>) {}
  template <class W>
  void offset(Width<W>) {}
  template <class W, class T>
  void length(Width<W>, std::string_view name, const T& member, VariableOptions = {}) {
    (*this)(name, member);
  }
  template <class L, class O, class T>
  void length_then_offset(Width<L>, Width<O>, std::string_view name, const T& member, VariableOptions = {}) {
    (*this)(name, member);
  }
  template <class W, class T>
  void length_of(Width<W>, const T&) {}
  template <class T>
  void sized(std::string_view name, const T& member) {
    (*this)(name, member);
  }
  template <class T>
  void padded(std::string_view name, const T& member, std::size_t) {
    (*this)(name, member);
  }
  template <class W, class T>
  void count_of(Width<W>, const std::vector<T>&) {}
  template <class T>
  void array(std::string_view name, const std::vector<T>& list) {
    (*this)(name, list);
  }
  template <class T>
  void rest(std::string_view name, const T& member) {
    (*this)(name, member);
  }
  template <class T>
  void list_at_offset(std::string_view name, const T& list, bool present) {
    if (present) (*this)(name, list);
  }
  void pad_empty_buffer() {}

 private:
  template <class T>
  void value(const T& v) {
    if constexpr (HasFields<T>) {
      out_ += '{';
      first_ = true;
      T::fields(*this, v);
      out_ += '}';
      first_ = false;
    } else if constexpr (std::same_as<T, bool>) {
      out_ += v ? "true" : "false";
    } else if constexpr (WireInteger<T>) {
      number(v);
    } else if constexpr (FlagsLike<T>) {
      hex(v.bits());
    } else if constexpr (IdLike<T>) {
      hex(v.value());
    } else if constexpr (std::is_enum_v<T> && requires { std::string_view(format_as(v)); }) {
      out_ += std::string_view(format_as(v));
    } else if constexpr (std::is_enum_v<T> && requires { std::string(to_string(v)); }) {
      out_ += std::string(to_string(v));
    } else if constexpr (std::is_enum_v<T>) {
      hex(static_cast<std::underlying_type_t<T>>(v));
    } else {
      other(v);
    }
  }
  template <class T>
  void other(const T& v) {
    if constexpr (IsByteArray<T>::value || std::same_as<T, ByteVector>) {
      bytes(v);
    } else {
      leaf(v);
    }
  }
  template <class T>
  void leaf(const std::vector<T>& list) {
    out_ += '[';
    for (std::size_t i = 0; i < list.size(); ++i) {
      if (i != 0) out_ += ' ';
      value(list[i]);
    }
    out_ += ']';
  }
  void leaf(Bytes v) { bytes(v); }
  void leaf(const std::u16string& v);
  void leaf(const std::string& v);
  void leaf(const FileId& v);
  void leaf(const Guid& v);
  void leaf(const FileTime& v);

  void begin(std::string_view name);
  void number(std::uint64_t v);
  void hex(std::uint64_t v);
  void bytes(Bytes v);

  std::string& out_;
  bool first_ = true;
};

// "ReadRequest{padding=80 flags=0x0 length=4096 …}".
template <class M>
std::string to_text(const M& message) {
  std::string out(M::kName);
  out += '{';
  Printer printer(out);
  M::fields(printer, message);
  out += '}';
  return out;
}

}  // namespace dozo::wire
