// NDR 2.0, the transfer syntax of RPC stubs. C706 chapter 14; [MS-RPCE] 2.2.4, 2.2.5.
//
// Constructed types are written and read by their owners, in two passes: first the flat part of every element (a
// pointer is its referent id), then the pointees in the same order (C706 14.3.12.3). No type here is recursive, so
// depth is bounded by the code; counts are bounded by the bytes that are there, before anything is allocated.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "model/guid.h"
#include "model/sid.h"

namespace dozo::wire {

// Reads in order, sticky-bad like ByteReader: read everything, then ask ok(). What follows the last parameter
// (padding, a verification trailer, [MS-RPCE] 2.2.2.13) is ignored.
class NdrReader {
 public:
  explicit NdrReader(Bytes stub) : in_(stub) {}

  bool ok() const { return in_.ok(); }
  void set_bad() { in_.set_bad(); }
  std::size_t remaining() const { return in_.remaining(); }

  // Integers are aligned to their size, C706 14.2.2.
  std::uint8_t u8() { return in_.u8(); }
  std::uint16_t u16() { return aligned<std::uint16_t>(); }
  std::uint32_t u32() { return aligned<std::uint32_t>(); }
  std::uint64_t u64() { return aligned<std::uint64_t>(); }
  Guid guid();

  // A unique pointer's referent id: whether there is a pointee.
  bool pointer() { return u32() != 0; }
  // The maximum count in front of a conformant array whose elements take at least `element_size_min` bytes each. Bad
  // (and 0) when so many cannot follow.
  std::uint32_t conformant_count(std::size_t element_size_min);
  // [string] wchar_t *: conformant, varying, terminated. The terminator must be there and is not returned.
  std::u16string string();
  // A unique pointer to such a string; nullopt when null.
  std::optional<std::u16string> unique_string();
  // [string, unique] char *: the same with single bytes.
  std::optional<std::string> unique_ascii_string();
  // The characters of an RPC_UNICODE_STRING, behind its pointer. `header` is what its flat part said.
  struct UnicodeHeader {
    std::uint16_t length = 0;          // bytes
    std::uint16_t maximum_length = 0;  // bytes
    bool present = false;
  };
  // [MS-DTYP] 2.3.10 RPC_UNICODE_STRING: the flat part, and the pointee.
  UnicodeHeader unicode_header();
  std::u16string unicode_body(const UnicodeHeader& header);
  // [MS-DTYP] 2.4.2.3 RPC_SID: conformant.
  std::optional<Sid> sid();

 private:
  template <WireInteger T>
  T aligned() {
    in_.align(sizeof(T));
    return in_.read<T>();
  }
  // offset must be 0, actual at most max, and so many elements must follow; else bad and 0. C706 14.3.3.4.
  std::uint32_t varying_count(std::size_t element_size);

  ByteReader in_;
};

class NdrWriter {
 public:
  std::size_t size() const { return out_.size(); }
  Bytes view() const { return out_.view(); }
  ByteVector take() && { return std::move(out_).take(); }

  void align(std::size_t n) { out_.align(n); }
  void u8(std::uint8_t v) { out_.u8(v); }
  void u16(std::uint16_t v) { aligned(v); }
  void u32(std::uint32_t v) { aligned(v); }
  void u64(std::uint64_t v) { aligned(v); }
  void bytes(Bytes b) { out_.bytes(b); }
  void guid(const Guid& guid);

  // Referent ids are distinct and not zero, C706 14.3.12.3; the pointee is written by the caller, later.
  void pointer(bool present) { u32(present ? next_referent() : 0); }
  // [string] wchar_t *, terminated.
  void string(std::u16string_view text);
  void string(std::string_view utf8);
  void unique_string(std::optional<std::string_view> utf8);
  void unique_ascii_string(std::optional<std::string_view> ascii);
  // RPC_UNICODE_STRING: flat part and pointee. No terminator; an empty text has a null buffer, whose pointee is
  // nothing; a text beyond 32767 units is cut.
  void unicode_header(std::string_view utf8);
  void unicode_body(std::string_view utf8);
  void sid(const Sid& sid);

 private:
  template <WireInteger T>
  void aligned(T v) {
    out_.align(sizeof v);
    out_.write(v);
  }
  std::uint32_t next_referent() { return referent_ += 4; }

  ByteWriter out_;
  std::uint32_t referent_ = 0x00020000;
};

}  // namespace dozo::wire
