// What the system knows of an object, as NodeInfo.
#pragma once

#include "vfs/posix/dos_attributes.h"
#include "vfs/posix/share.h"

namespace dozo::vfs::posix {

// `client_name` decides whether an object without a record is hidden (a leading dot). Run as the process itself:
// records are read whoever may read the file.
NodeInfo node_info(const Share& share, const struct statx& status, Place place, std::string_view client_name);
Result<NodeInfo> node_info(const Share& share, int fd, std::string_view client_name);

// What the object's extended attributes say, read or remembered. Of files and directories; `status` is of just now.
ObjectRecord record_of(const Share& share, const struct statx& status, Place place);
// What is beside the mode bits, of an object of any kind; without a security descriptor, one system call at most.
struct ObjectMarks {
  bool has_acl = false;
  SecurityBlob security;
};
ObjectMarks marks_of(const Share& share, const struct statx& status, Place place);
// The record as it is stored now, never what is remembered; empty when there is none.
DosAttributes stored_attributes(const Share& share, Place place);
FileTime birth_time(const struct statx& status);

// Extended attributes that clients see: "user." without what Samba and we keep there. nullopt: none of theirs.
std::optional<std::string_view> client_ea_name(std::string_view xattr_name);
bool is_stream_xattr(std::string_view xattr_name);

}  // namespace dozo::vfs::posix
