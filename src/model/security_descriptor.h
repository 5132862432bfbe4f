// Self-relative security descriptors. [MS-DTYP] 2.4.4 to 2.4.6.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "model/access_mask.h"
#include "model/guid.h"
#include "model/sid.h"

namespace dozo {

// [MS-DTYP] 2.4.4.1.
enum class AceType : std::uint8_t {
  access_allowed = 0,
  access_denied = 1,
  system_audit = 2,
  access_allowed_object = 5,
  access_denied_object = 6,
};
enum class AceFlag : std::uint8_t {
  object_inherit = 0x01,
  container_inherit = 0x02,
  no_propagate_inherit = 0x04,
  inherit_only = 0x08,
  inherited = 0x10,
  successful_access = 0x40,
  failed_access = 0x80,
};
using AceFlags = Flags<AceFlag>;
DOZO_FLAGS(AceFlag)

struct Ace {
  std::uint8_t type = 0;  // AceType where known; others are kept as they are
  AceFlags flags;
  AccessMask mask;
  Sid sid;
  ByteVector trailing;    // object GUIDs or conditions of the types that have them, uninterpreted
  bool operator==(const Ace&) const = default;
};

struct Acl {
  std::uint8_t revision = 2;
  std::vector<Ace> aces;
  bool operator==(const Acl&) const = default;
};

// [MS-DTYP] 2.4.6 Control.
enum class SdControl : std::uint16_t {
  owner_defaulted = 0x0001,
  group_defaulted = 0x0002,
  dacl_present = 0x0004,
  dacl_defaulted = 0x0008,
  sacl_present = 0x0010,
  sacl_defaulted = 0x0020,
  dacl_auto_inherit_req = 0x0100,
  sacl_auto_inherit_req = 0x0200,
  dacl_auto_inherited = 0x0400,
  sacl_auto_inherited = 0x0800,
  dacl_protected = 0x1000,
  sacl_protected = 0x2000,
  self_relative = 0x8000,
};
using SdControls = Flags<SdControl>;
DOZO_FLAGS(SdControl)

// [MS-DTYP] 2.4.7 SECURITY_INFORMATION: which parts a query or set means.
enum class SecurityInfoBit : std::uint32_t {
  owner = 0x00000001,
  group = 0x00000002,
  dacl = 0x00000004,
  sacl = 0x00000008,
  label = 0x00000010,
  attribute = 0x00000020,
  scope = 0x00000040,
  backup = 0x00010000,
};
using SecurityInformation = Flags<SecurityInfoBit>;
DOZO_FLAGS(SecurityInfoBit)

// A DACL that is present and null grants everyone everything; present and empty grants nobody anything.
struct SecurityDescriptor {
  SdControls control;
  std::optional<Sid> owner;
  std::optional<Sid> group;
  std::optional<Acl> dacl;  // meaningful when control has dacl_present; nullopt then is a null DACL
  std::optional<Acl> sacl;
  bool operator==(const SecurityDescriptor&) const = default;
};

// Fails with STATUS_INVALID_SECURITY_DESCR on anything out of range, overlapping its own header, or oversized.
Result<SecurityDescriptor> decode_security_descriptor(Bytes bytes);
// What an ACL takes on the wire, and what its 16-bit size can hold. An ACL that grew (inheritance, mapped modes)
// is checked by who grew it; what was decoded always fits.
inline constexpr std::size_t kMaxAclSize = 0xFFFF;
std::size_t encoded_size(const Acl& acl);

// Always self-relative; SELF_RELATIVE and the *_PRESENT bits are set from what is there. A *_PRESENT bit without an
// ACL is kept and means the null ACL. Asserts that each ACL is at most kMaxAclSize.
ByteVector encode_security_descriptor(const SecurityDescriptor& sd);

}  // namespace dozo
