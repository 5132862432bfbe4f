// NT security descriptors of files whose permissions are an owner, a group and mode bits, and the way back.
#pragma once

#include "base/result.h"
#include "identity/access_token.h"
#include "model/security_descriptor.h"
#include "vfs/types.h"

namespace dozo::server {

// Who is meant by a uid or gid, as one session sees it. The session's own user appears by their SID in this machine's
// domain, everybody else as S-1-22-1-UID and S-1-22-2-GID.
Sid sid_of_uid(std::uint32_t uid, const identity::AccessToken& viewer);
Sid sid_of_gid(std::uint32_t gid);
// The way back. STATUS_INVALID_OWNER, STATUS_INVALID_PRIMARY_GROUP: nobody whom a file can belong to.
Result<std::uint32_t> uid_of_sid(const Sid& sid, const identity::AccessToken& viewer);
Result<std::uint32_t> gid_of_sid(const Sid& sid);

// S-1-5-88-*: how Unix clients put their own ids and modes into descriptors; -1-UID, -2-GID, -3-MODE.
inline constexpr std::uint32_t kNfsSids = 88;

// The parts of `what` of a file's descriptor. The DACL allows owner, group and everyone what the mode does; where the
// mode gives the owner or the group less than those after them, a deny entry stands before. Always in an order that,
// evaluated from the front, means what the mode means.
SecurityDescriptor security_from_mode(const vfs::NodeInfo& file, SecurityInformation what,
                                      const identity::AccessToken& viewer);

// What to change so that the file has the owner, group and DACL of `wanted` (the parts in `what`). A DACL must be
// expressible as mode bits without granting anybody more than it says: entries for other users or groups than the
// owner, the group, Everyone and Authenticated Users, except for SYSTEM and Administrators, are
// STATUS_NOT_SUPPORTED. Entries that are only inherited by others are not kept. STATUS_INVALID_ACL: an entry that
// belongs in no DACL of a file.
Result<vfs::OwnershipUpdate> mode_from_security(const SecurityDescriptor& wanted, SecurityInformation what,
                                                const vfs::NodeInfo& file, const identity::AccessToken& viewer);

// The mode of a file whose descriptor says more than a mode can. Group and others have no more than it lets them; what
// single users and groups are denied or allowed beyond that a mode cannot say. The owner keeps reading and writing:
// dozo itself may be that account, for many users, and has to read what it stored; who may do what through dozo the
// descriptor says. Where other users are named a file stays as executable as it was. A client's own mode
// (S-1-5-88-3-MODE) is the mode.
std::uint32_t mode_for_local_programs(const SecurityDescriptor& stored, const vfs::NodeInfo& file,
                                      const identity::AccessToken& viewer);

}  // namespace dozo::server
