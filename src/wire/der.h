// The part of DER (X.690) that GSS-API tokens need. Strict: definite, minimal lengths that stay inside what
// surrounds them, one-byte tags.
#pragma once

#include <cstdint>
#include <initializer_list>

#include "base/bytes.h"

namespace dozo::wire::der {

inline constexpr std::uint8_t kOctetString = 0x04;
inline constexpr std::uint8_t kOid = 0x06;
inline constexpr std::uint8_t kEnumerated = 0x0A;
inline constexpr std::uint8_t kGeneralString = 0x1B;
inline constexpr std::uint8_t kSequence = 0x30;
inline constexpr std::uint8_t kApplication0 = 0x60;
constexpr std::uint8_t context_tag(unsigned n) { return static_cast<std::uint8_t>(0xA0 | n); }

struct Element {
  std::uint8_t tag = 0;
  Bytes content;
  Bytes whole;  // with tag and length
};

// Reads the elements of one level in order; sticky-bad, like ByteReader.
class Reader {
 public:
  explicit Reader(Bytes bytes) : left_(bytes) {}
  bool at_end() const { return left_.empty(); }
  bool ok() const { return ok_; }
  void set_bad() { ok_ = false; }
  Bytes rest() const { return left_; }
  // The tag of the next element, 0 at the end.
  std::uint8_t peek() const { return !ok_ || left_.empty() ? std::uint8_t{0} : left_[0]; }
  Element next();
  // The content of the next element, which must have this tag.
  Bytes expect(std::uint8_t tag);

 private:
  Bytes left_;
  bool ok_ = true;
};

// One element around the given parts.
ByteVector wrap(std::uint8_t tag, std::initializer_list<Bytes> parts);

}  // namespace dozo::wire::der
