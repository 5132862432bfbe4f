// NetBIOS names: sixteen bytes, the last of which says what the name is for, and their form in packets.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace dozo::netbios {

// What the sixteenth byte says; the ones this code asks for.
inline constexpr std::uint8_t kWorkstation = 0x00;
inline constexpr std::uint8_t kMasterBrowsers = 0x01;  // of \x01\x02__MSBROWSE__\x02
inline constexpr std::uint8_t kMessenger = 0x03;
inline constexpr std::uint8_t kDomainMaster = 0x1B;
inline constexpr std::uint8_t kDomainControllers = 0x1C;
inline constexpr std::uint8_t kLocalMaster = 0x1D;
inline constexpr std::uint8_t kFileServer = 0x20;

inline constexpr std::size_t kNameSizeMax = 15;

// Value. [MS-NBTE] 2.2.1: any bytes are allowed, and equality is that of all sixteen.
struct Name {
  std::string text;         // at most 15 bytes, without the padding; upper case when typed by a person
  std::uint8_t suffix = 0;  // the sixteenth byte
  std::string scope;        // "a.b"; nearly always empty

  bool operator==(const Name&) const = default;
};

// The name a person typed, in upper case (ASCII alone). INVALID_PARAMETER when it is empty, longer than 15 bytes,
// begins with an asterisk, or has a dot or a control character: such a thing is not a computer's NetBIOS name.
Result<Name> name_from_text(std::string_view typed, std::uint8_t suffix);
Name any_name();         // "*" and fifteen zeros: every node answers to it
Name master_browsers();  // \x01\x02__MSBROWSE__\x02\x01

// RFC 1001 14.1: the first-level encoding of the sixteen bytes, 32 letters A to P. The scope is not in it.
std::string encode_first_level(const Name& name);
// The way back; INVALID_PARAMETER when the label is not 32 of those letters. Padding (spaces, or zeros for "*") is cut.
Result<Name> decode_first_level(std::string_view label);

// The name as the Windows tools print it: what is no printable ASCII is a dot.
std::string printable(const Name& name);
// What a name with this suffix is for, "File Server Service"; "unknown" when no list has it.
std::string_view usage_of(const Name& name, bool is_group);

}  // namespace dozo::netbios
