// UTF-8 and UTF-16. Text inside dozo is UTF-8 (WTF-8 where a name holds an unpaired surrogate), on the wire UTF-16LE.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.h"

namespace dozo {

// UTF-16 to (W)TF-8; an unpaired surrogate becomes its three-byte form, so the way back is exact.
std::string utf16_to_utf8(std::u16string_view text);
// The way back. nullopt when the bytes are neither UTF-8 nor WTF-8.
std::optional<std::u16string> utf8_to_utf16(std::string_view text);
// As above; each byte that cannot be decoded becomes U+FFFD. For display and for messages of our own.
std::u16string utf8_to_utf16_lossy(std::string_view text);

// UTF-16LE bytes to text and back; an odd last byte is dropped.
std::u16string utf16_from_le(Bytes bytes);
ByteVector utf16_to_le(std::u16string_view text);
inline std::string utf8_from_le(Bytes bytes) { return utf16_to_utf8(utf16_from_le(bytes)); }

bool has_unpaired_surrogate(std::u16string_view text);

// Upper case by simple (one to one) case mapping, as Windows' upcase table does ([MS-FSA] 2.1.4.4; ICU's data).
std::u16string upcase(std::u16string_view text);
// Key under which two names are the same to a case-insensitive file system.
std::u16string fold_name(std::string_view utf8_name);
bool equal_ignoring_case(std::u16string_view a, std::u16string_view b);

}  // namespace dozo
