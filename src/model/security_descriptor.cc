#include "model/security_descriptor.h"

#include "base/assert.h"
#include "model/nt_status.h"

namespace dozo {
namespace {

constexpr std::size_t kHeaderSize = 20;
constexpr std::size_t kAclHeaderSize = 8;
constexpr std::size_t kAceHeaderSize = 4;

// Where an ACE of a type keeps its SID. [MS-DTYP] 2.4.4.2 to 2.4.4.17.
enum class AceLayout { mask_sid, mask_object_sid, opaque };

AceLayout layout_of(std::uint8_t type) {
  switch (type) {
    case 0x05:  // access allowed, denied, audit, alarm: the object forms and their callback forms
    case 0x06:
    case 0x07:
    case 0x08:
    case 0x0B:
    case 0x0C:
    case 0x0F:
    case 0x10:
      return AceLayout::mask_object_sid;
    case 0x04:  // compound: reserved, never seen
      return AceLayout::opaque;
    default:
      return type <= 0x13 ? AceLayout::mask_sid : AceLayout::opaque;
  }
}

// [MS-DTYP] 2.4.4.3: Flags tells which of the two GUIDs follow.
std::size_t object_part_size(std::uint32_t flags) { return 4 + 16u * ((flags & 1) + (flags >> 1 & 1)); }

void append(ByteVector& out, Bytes bytes) { out.insert(out.end(), bytes.begin(), bytes.end()); }

// The body of one ACE behind its four bytes of header; all of `body` belongs to it.
bool decode_ace_body(Bytes body, Ace& ace) {
  const AceLayout layout = layout_of(ace.type);
  ByteReader in(body);
  if (layout == AceLayout::opaque) {
    append(ace.trailing, body);
    return true;
  }
  ace.mask = AccessMask::from_wire(in.u32());
  if (layout == AceLayout::mask_object_sid) {
    if (in.remaining() < 4) return false;
    append(ace.trailing, in.bytes(object_part_size(load_le<std::uint32_t>(in.rest().data()))));
  }
  auto sid = decode_sid(in);
  if (!sid) return false;
  ace.sid = std::move(*sid);
  append(ace.trailing, in.rest());
  return in.ok();
}

bool decode_ace(ByteReader& in, Ace& ace) {
  ace.type = in.u8();
  ace.flags = AceFlags::from_wire(in.u8());
  const std::uint16_t size = in.u16();
  // [MS-DTYP] 2.4.4.1: AceSize counts the header and is a multiple of four.
  if (!in.ok() || size < kAceHeaderSize || size % 4 != 0) return false;
  const Bytes body = in.bytes(size - kAceHeaderSize);
  return in.ok() && decode_ace_body(body, ace);
}

bool decode_acl(Bytes descriptor, std::uint32_t offset, std::optional<Acl>& out) {
  ByteReader at(descriptor, offset);
  Acl acl;
  acl.revision = at.u8();
  at.skip(1);
  const std::uint16_t size = at.u16();
  const std::uint16_t count = at.u16();
  // [MS-DTYP] 2.4.5: the revision is 2, or 4 where there are object ACEs; AclSize holds the header and all ACEs.
  if (!at.ok() || acl.revision < 2 || acl.revision > 4 || size < kAclHeaderSize) return false;
  const Bytes whole = at.slice(offset, size);
  if (!at.ok()) return false;
  ByteReader in(whole, kAclHeaderSize);
  if (count > in.remaining() / kAceHeaderSize) return false;
  acl.aces.resize(count);
  for (Ace& ace : acl.aces) {
    if (!decode_ace(in, ace)) return false;
  }
  out = std::move(acl);
  return true;
}

bool decode_owner(Bytes descriptor, std::uint32_t offset, std::optional<Sid>& out) {
  if (offset == 0) return true;
  if (offset < kHeaderSize) return false;
  ByteReader in(descriptor, offset);
  auto sid = decode_sid(in);
  if (!sid) return false;
  out = std::move(*sid);
  return true;
}

// `present` and 0 is a null ACL; what an absent ACL's offset says is ignored.
bool decode_present_acl(Bytes descriptor, bool present, std::uint32_t offset, std::optional<Acl>& out) {
  if (!present || offset == 0) return true;
  return offset >= kHeaderSize && decode_acl(descriptor, offset, out);
}

std::size_t ace_size(const Ace& ace) {
  const std::size_t fixed = layout_of(ace.type) == AceLayout::opaque ? 0 : 4 + ace.sid.encoded_size();
  // Rounded up, for a value built here may hold trailing bytes of any number.
  return (kAceHeaderSize + fixed + ace.trailing.size() + 3) / 4 * 4;
}

void encode_ace(const Ace& ace, ByteWriter& out) {
  const std::size_t begin = out.size();
  const Bytes trailing = ace.trailing;
  const AceLayout layout = layout_of(ace.type);
  out.u8(ace.type);
  out.u8(ace.flags.bits());
  out.u16(static_cast<std::uint16_t>(ace_size(ace)));
  if (layout == AceLayout::opaque) {
    out.bytes(trailing);
  } else {
    std::size_t object_part = 0;
    if (layout == AceLayout::mask_object_sid) {
      DOZO_ASSERT(trailing.size() >= 4);
      object_part = object_part_size(load_le<std::uint32_t>(trailing.data()));
      DOZO_ASSERT(trailing.size() >= object_part);
    }
    out.u32(ace.mask.bits());
    out.bytes(trailing.first(object_part));
    encode_sid(ace.sid, out);
    out.bytes(trailing.subspan(object_part));
  }
  out.align(4, begin);
}

void encode_acl(const Acl& acl, ByteWriter& out) {
  const std::size_t size = encoded_size(acl);
  DOZO_ASSERT(size <= kMaxAclSize);
  out.u8(acl.revision);
  out.u8(0);
  out.u16(static_cast<std::uint16_t>(size));
  out.u16(static_cast<std::uint16_t>(acl.aces.size()));
  out.u16(0);
  for (const Ace& ace : acl.aces) encode_ace(ace, out);
}

}  // namespace

std::size_t encoded_size(const Acl& acl) {
  std::size_t size = kAclHeaderSize;
  for (const Ace& ace : acl.aces) size += ace_size(ace);
  return size;
}

Result<SecurityDescriptor> decode_security_descriptor(Bytes bytes) {
  ByteReader in(bytes);
  const std::uint8_t revision = in.u8();
  in.skip(1);  // [MS-DTYP] 2.4.6: Sbz1 is of the resource manager, when RM is set; not kept
  SecurityDescriptor sd;
  sd.control = SdControls::from_wire(in.u16());
  const std::uint32_t owner = in.u32();
  const std::uint32_t group = in.u32();
  const std::uint32_t sacl = in.u32();
  const std::uint32_t dacl = in.u32();
  if (!in.ok() || revision != 1 || !sd.control.has(SdControl::self_relative)) {
    return fail(NtStatus::INVALID_SECURITY_DESCR);
  }
  const bool good = decode_owner(bytes, owner, sd.owner) && decode_owner(bytes, group, sd.group) &&
                    decode_present_acl(bytes, sd.control.has(SdControl::sacl_present), sacl, sd.sacl) &&
                    decode_present_acl(bytes, sd.control.has(SdControl::dacl_present), dacl, sd.dacl);
  if (!good) return fail(NtStatus::INVALID_SECURITY_DESCR);
  return sd;
}

ByteVector encode_security_descriptor(const SecurityDescriptor& sd) {
  SdControls control = sd.control | SdControl::self_relative;
  if (sd.dacl) control |= SdControl::dacl_present;
  if (sd.sacl) control |= SdControl::sacl_present;
  ByteWriter out;
  out.u8(1);
  out.u8(0);
  out.u16(control.bits());
  out.zeros(16);
  const auto mark = [&out](std::size_t field) { out.patch(field, static_cast<std::uint32_t>(out.size())); };
  if (sd.owner) {
    mark(4);
    encode_sid(*sd.owner, out);
  }
  if (sd.group) {
    mark(8);
    encode_sid(*sd.group, out);
  }
  if (sd.sacl) {
    mark(12);
    encode_acl(*sd.sacl, out);
  }
  if (sd.dacl) {
    mark(16);
    encode_acl(*sd.dacl, out);
  }
  return std::move(out).take();
}

}  // namespace dozo
