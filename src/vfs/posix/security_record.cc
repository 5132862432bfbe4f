#include "vfs/posix/security_record.h"

#include <cerrno>

#include "vfs/posix/share.h"

namespace dozo::vfs::posix {
namespace {

constexpr std::uint8_t kVersion = 1;
constexpr std::uint32_t kPermissions = 0777;  // a write by others takes set-id bits away, and means nothing here

SecurityRecord unreadable() {
  SecurityRecord out;
  out.is_readable = false;
  out.descriptor = std::make_shared<const ByteVector>();
  return out;
}

}  // namespace

SecurityBlob SecurityRecord::of(const struct statx& status) const {
  const bool holds = uid == status.stx_uid && gid == status.stx_gid && permissions == (status.stx_mode & kPermissions);
  return holds || !is_readable ? descriptor : nullptr;
}

SecurityRecord decode_security_record(Bytes bytes) {
  ByteReader in(bytes);
  const std::uint8_t version = in.u8();
  in.skip(3);
  SecurityRecord out;
  out.uid = in.u32();
  out.gid = in.u32();
  out.permissions = in.u32();
  if (!in.ok() || version != kVersion || in.remaining() == 0) return unreadable();
  const Bytes rest = in.rest();
  out.descriptor = std::make_shared<const ByteVector>(rest.begin(), rest.end());
  return out;
}

ByteVector encode_security_record(const SecurityRecord& record) {
  ByteWriter out;
  out.u8(kVersion);
  out.zeros(3);
  out.u32(record.uid);
  out.u32(record.gid);
  out.u32(record.permissions);
  out.bytes(*record.descriptor);
  return std::move(out).take();
}

std::optional<SecurityRecord> stored_security(Place place) {
  const auto bytes = get_xattr(place, kSecurityName);
  if (bytes) return decode_security_record(*bytes);
  if (bytes.error() == ENODATA) return std::nullopt;
  return unreadable();
}

Result<> store_security(const Share& share, int fd, const ByteVector& descriptor) {
  if (descriptor.empty()) {
    const auto removed = share.has_xattrs ? remove_xattr(fd, kSecurityName) : Errno<>();
    const bool gone = removed || removed.error() == ENODATA || removed.error() == EOPNOTSUPP;
    return gone ? Result<>() : fail_errno(removed.error());
  }
  const auto status = status_of_fd(fd);
  if (!status) return fail_errno(status.error());
  const SecurityRecord record{.uid = status->stx_uid,
                              .gid = status->stx_gid,
                              .permissions = status->stx_mode & kPermissions,
                              .descriptor = std::make_shared<const ByteVector>(descriptor)};
  const auto stored = set_xattr(fd, kSecurityName, encode_security_record(record));
  if (stored) return {};
  if (stored.error() == EOPNOTSUPP) share.has_xattrs = false;
  return fail_errno(stored.error());
}

}  // namespace dozo::vfs::posix
