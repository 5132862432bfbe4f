#include "wire/ndr.h"

#include <algorithm>

#include "base/assert.h"
#include "base/unicode.h"

namespace dozo::wire {
namespace {

constexpr std::size_t kUnicodeStringUnitsMax = 0x7FFF;

std::u16string unicode_text(std::string_view utf8) {
  std::u16string text = utf8_to_utf16_lossy(utf8);
  text.resize(std::min(text.size(), kUnicodeStringUnitsMax));
  return text;
}

}  // namespace

Guid NdrReader::guid() {
  in_.align(4);
  return {in_.array<16>()};
}

std::uint32_t NdrReader::conformant_count(std::size_t element_size_min) {
  const std::uint32_t count = u32();
  if (count > in_.remaining() / element_size_min) {
    in_.set_bad();
    return 0;
  }
  return count;
}

std::uint32_t NdrReader::varying_count(std::size_t element_size) {
  const std::uint32_t maximum = u32();
  const std::uint32_t offset = u32();
  const std::uint32_t actual = u32();
  if (!in_.ok() || offset != 0 || actual > maximum || actual > in_.remaining() / element_size) {
    in_.set_bad();
    return 0;
  }
  return actual;
}

std::u16string NdrReader::string() {
  std::u16string text = utf16_from_le(in_.bytes(std::size_t{varying_count(2)} * 2));
  // C706 14.3.4.3: a string ends with a terminator. What stands before the last one counts up to the first: some
  // clients send a buffer of terminators.
  if (!in_.ok() || text.empty() || text.back() != u'\0') {
    in_.set_bad();
    return {};
  }
  text.resize(text.find(u'\0'));
  return text;
}

std::optional<std::u16string> NdrReader::unique_string() {
  if (!pointer()) return std::nullopt;
  return string();
}

std::optional<std::string> NdrReader::unique_ascii_string() {
  if (!pointer()) return std::nullopt;
  std::string text(as_text(in_.bytes(varying_count(1))));
  if (!in_.ok() || text.empty() || text.find('\0') != text.size() - 1) {
    in_.set_bad();
    return std::nullopt;
  }
  text.pop_back();
  return text;
}

NdrReader::UnicodeHeader NdrReader::unicode_header() {
  in_.align(4);
  UnicodeHeader h;
  h.length = u16();
  h.maximum_length = u16();
  h.present = pointer();
  // [MS-DTYP] 2.3.10: both are multiples of two; Length is at most MaximumLength; without a buffer it is 0.
  if (h.length % 2 != 0 || h.maximum_length % 2 != 0 || h.length > h.maximum_length) in_.set_bad();
  if (!h.present && h.length != 0) in_.set_bad();
  return h;
}

std::u16string NdrReader::unicode_body(const UnicodeHeader& header) {
  if (!header.present) return {};
  const std::uint32_t maximum = u32();
  const std::uint32_t offset = u32();
  const std::uint32_t actual = u32();
  if (maximum != header.maximum_length / 2u || offset != 0 || actual != header.length / 2u) in_.set_bad();
  return utf16_from_le(in_.bytes(std::size_t{actual} * 2));
}

std::optional<Sid> NdrReader::sid() {
  const std::uint32_t count = u32();
  auto sid = decode_sid(in_);
  // The conformance in front repeats SubAuthorityCount.
  if (!sid || sid->sub_authorities.size() != count) {
    in_.set_bad();
    return std::nullopt;
  }
  return std::move(*sid);
}

void NdrWriter::guid(const Guid& guid) {
  out_.align(4);
  out_.bytes(guid.bytes);
}

void NdrWriter::string(std::u16string_view text) {
  const auto count = static_cast<std::uint32_t>(text.size() + 1);
  u32(count);
  u32(0);
  u32(count);
  out_.bytes(utf16_to_le(text));
  out_.u16(0);
}

void NdrWriter::string(std::string_view utf8) { string(std::u16string_view(utf8_to_utf16_lossy(utf8))); }

void NdrWriter::unique_string(std::optional<std::string_view> utf8) {
  pointer(utf8.has_value());
  if (utf8) string(*utf8);
}

void NdrWriter::unique_ascii_string(std::optional<std::string_view> ascii) {
  pointer(ascii.has_value());
  if (!ascii) return;
  const auto count = static_cast<std::uint32_t>(ascii->size() + 1);
  u32(count);
  u32(0);
  u32(count);
  out_.bytes(as_bytes(*ascii));
  out_.u8(0);
}

void NdrWriter::unicode_header(std::string_view utf8) {
  const auto size = static_cast<std::uint16_t>(unicode_text(utf8).size() * 2);
  out_.align(4);
  u16(size);
  u16(size);
  pointer(size != 0);
}

void NdrWriter::unicode_body(std::string_view utf8) {
  const std::u16string text = unicode_text(utf8);
  if (text.empty()) return;
  const auto count = static_cast<std::uint32_t>(text.size());
  u32(count);
  u32(0);
  u32(count);
  out_.bytes(utf16_to_le(text));
}

void NdrWriter::sid(const Sid& sid) {
  u32(static_cast<std::uint32_t>(sid.sub_authorities.size()));
  encode_sid(sid, out_);
}

}  // namespace dozo::wire
