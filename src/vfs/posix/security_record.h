// SecurityRecord: a client's security descriptor in an extended attribute of the object, and with which owner, group
// and permission bits it holds: a chmod or chown by anybody else makes it void. See
// docs/adr/0017-stored-descriptors.md.
#pragma once

#include <sys/stat.h>

#include <cstdint>
#include <optional>

#include "base/result.h"
#include "vfs/posix/xattrs.h"
#include "vfs/types.h"

namespace dozo::vfs::posix {

struct Share;

inline constexpr const char* kSecurityName = "user.dozo.sd";

struct SecurityRecord {
  std::uint32_t uid = 0;
  std::uint32_t gid = 0;
  std::uint32_t permissions = 0;  // 0777
  bool is_readable = true;        // false: of another version, or damaged; it holds, whatever owner and mode are
  SecurityBlob descriptor;        // never null

  // The descriptor of an object with this status; null when it holds no longer.
  SecurityBlob of(const struct statx& status) const;
};

// Version (u8), three bytes of zero, uid, gid, permission bits (u32 each, little-endian), the descriptor. What is there
// and not readable is a record that grants nothing, not no record.
SecurityRecord decode_security_record(Bytes bytes);
ByteVector encode_security_record(const SecurityRecord& record);

// nullopt: none is stored. What cannot be read now is one that is not readable.
std::optional<SecurityRecord> stored_security(Place place);
// For the object as it is now. An empty descriptor: what is stored goes.
Result<> store_security(const Share& share, int fd, const ByteVector& descriptor);

}  // namespace dozo::vfs::posix
