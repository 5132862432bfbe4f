#include "wire/der.h"

namespace dozo::wire::der {
namespace {

// X.690 8.1.3, 10.1: the length octets at the head of `in`; false when not DER.
bool take_length(ByteReader& in, std::size_t& length) {
  const std::uint8_t first = in.u8();
  length = first;
  if (first < 0x80) return in.ok();
  const unsigned count = first & 0x7F;
  if (count == 0 || count > 4) return false;
  length = 0;
  for (unsigned i = 0; i < count; ++i) length = length << 8 | in.u8();
  const bool minimal = length >= 0x80 && (length >> (8 * (count - 1))) != 0;
  return in.ok() && minimal;
}

void put_length(std::size_t length, ByteWriter& out) {
  if (length < 0x80) return out.u8(static_cast<std::uint8_t>(length));
  unsigned count = 1;
  while (count < 8 && (length >> (8 * count)) != 0) ++count;
  out.u8(static_cast<std::uint8_t>(0x80 | count));
  for (unsigned i = count; i-- > 0;) out.u8(static_cast<std::uint8_t>(length >> (8 * i)));
}

}  // namespace

Element Reader::next() {
  ByteReader in(left_);
  Element out;
  out.tag = in.u8();
  std::size_t length = 0;
  const bool multi_byte_tag = (out.tag & 0x1F) == 0x1F;
  if (!ok_ || multi_byte_tag || !take_length(in, length)) {
    ok_ = false;
    return {};
  }
  out.content = in.bytes(length);
  if (!in.ok()) {
    ok_ = false;
    return {};
  }
  out.whole = left_.first(in.position());
  left_ = left_.subspan(in.position());
  return out;
}

Bytes Reader::expect(std::uint8_t tag) {
  if (peek() != tag) {
    ok_ = false;
    return {};
  }
  return next().content;
}

ByteVector wrap(std::uint8_t tag, std::initializer_list<Bytes> parts) {
  std::size_t size = 0;
  for (const Bytes part : parts) size += part.size();
  ByteWriter out;
  out.reserve(size + 6);
  out.u8(tag);
  put_length(size, out);
  for (const Bytes part : parts) out.bytes(part);
  return std::move(out).take();
}

}  // namespace dozo::wire::der
