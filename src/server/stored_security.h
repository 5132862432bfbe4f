// Security descriptors as clients set them: stored with the file, checked when it is opened, passed on to what is made
// in a directory. A file without one has the descriptor that its mode makes (security.h).
// Owner, group and mode of the file stay right for the local programs: see docs/adr/0017-stored-descriptors.md.
#pragma once

#include "base/result.h"
#include "identity/access_token.h"
#include "model/access_check.h"
#include "model/inheritance.h"
#include "model/security_descriptor.h"
#include "runtime/task.h"
#include "vfs/volume.h"

namespace dozo::server {

class Tree;

// nullopt: none is stored, and the mode says who may do what. One that cannot be read has an empty DACL and no owner.
std::optional<SecurityDescriptor> stored_descriptor(const vfs::SecurityBlob& stored);

// A file's owner, group and DACL: stored, or made from its mode.
SecurityDescriptor descriptor_of(const vfs::NodeInfo& file, const identity::AccessToken& viewer);
// The parts of `descriptor` that `what` names, and of its control what belongs to them.
SecurityDescriptor parts_of(SecurityDescriptor descriptor, SecurityInformation what);

// What to change about the file so that the parts of `what` are as `wanted` has them. [MS-FSA] 2.1.5.17.
// What a mode says as well is not stored. STATUS_INVALID_OWNER, STATUS_INVALID_PRIMARY_GROUP: nobody whom `setter` may
// make it belong to. STATUS_INVALID_ACL: entries that a DACL cannot have, or too many.
Result<vfs::OwnershipUpdate> security_update(const SecurityDescriptor& wanted, SecurityInformation what,
                                             const vfs::NodeInfo& file, const identity::AccessToken& setter);
// [MS-DTYP] 2.5.3.4.1: whether `setter` may make something that belongs to whom `wanted` names.
Result<> check_owner_and_group(const SecurityDescriptor& wanted, const identity::AccessToken& setter);

// The change that makes a new file's descriptor what its creator and its directory say; nullopt: neither says anything.
Result<std::optional<vfs::OwnershipUpdate>> security_of_new(const std::optional<SecurityDescriptor>& parent,
                                                            const std::optional<SecurityDescriptor>& creator,
                                                            const vfs::NodeInfo& file,
                                                            const identity::AccessToken& creator_token);

AccessMask allowed_access(const SecurityDescriptor& descriptor, const identity::AccessToken& token);

// [MS-FSA] 2.1.5.1.1, 2.1.5.15.12: whether a name may be added to a directory by its stored descriptor, and that one.
runtime::Task<Result<std::optional<SecurityDescriptor>>> check_may_add(const Tree& tree, vfs::NodeRef parent,
                                                                      bool directory);

}  // namespace dozo::server
