#include "server/stored_security.h"

#include <algorithm>

#include "model/nt_status.h"
#include "server/security.h"
#include "server/tree.h"

namespace dozo::server {
namespace {

constexpr SecurityInformation kStoredParts =
    SecurityInfoBit::owner | SecurityInfoBit::group | SecurityInformation(SecurityInfoBit::dacl);
constexpr SdControls kDaclControls =
    SdControl::dacl_present | SdControl::dacl_defaulted | SdControl::dacl_auto_inherited | SdControl::dacl_protected;

// [MS-DTYP] 2.4.4.1: allowed and denied, as they are, for objects, and with conditions.
Result<> check_dacl(const SecurityDescriptor& descriptor) {
  constexpr std::uint8_t kOfDacl[] = {0x00, 0x01, 0x05, 0x06, 0x09, 0x0A, 0x0B, 0x0C};
  if (!descriptor.dacl) return {};
  for (const Ace& ace : descriptor.dacl->aces) {
    if (std::ranges::find(kOfDacl, ace.type) == std::end(kOfDacl)) return fail(NtStatus::INVALID_ACL);
  }
  return encoded_size(*descriptor.dacl) <= kMaxAclSize ? Result<>() : Result<>(fail(NtStatus::INVALID_ACL));
}

// Ids of a Unix client's own world: kept for it, meaning nobody here (S-1-5-88-1-UID and S-1-5-88-2-GID).
bool is_client_id(const Sid& sid) {
  return sid.authority == 5 && sid.sub_authorities.size() == 3 && sid.sub_authorities[0] == kNfsSids;
}

bool is_of_user(const Sid& sid, const identity::AccessToken& token) {
  return sid == token.user || sid == sid_unix_user(token.uid);
}

// [MS-DTYP] 2.5.3.4: administrators have SeRestorePrivilege, with which anybody may be made the owner. What belongs to
// an account of this system the file system gives away, or refuses to.
Result<> check_owner(const Sid& sid, const identity::AccessToken& setter) {
  const bool good = is_of_user(sid, setter) || uid_of_sid(sid, setter) || is_client_id(sid) || setter.is_admin;
  return good ? Result<>() : Result<>(fail(NtStatus::INVALID_OWNER));
}

Result<> check_group(const Sid& sid, const identity::AccessToken& setter) {
  const bool good = setter.has(sid) || gid_of_sid(sid) || is_client_id(sid) || setter.is_admin;
  return good ? Result<>() : Result<>(fail(NtStatus::INVALID_PRIMARY_GROUP));
}

// The owner and group of the file system that stand for those of the descriptor; what stands for nobody leaves them.
void take_owner_and_group(const SecurityDescriptor& next, SecurityInformation what, const vfs::NodeInfo& file,
                          const identity::AccessToken& setter, vfs::OwnershipUpdate& update) {
  if (what.has(SecurityInfoBit::owner)) {
    const auto uid = uid_of_sid(*next.owner, setter);
    if (uid && *uid != file.uid) update.uid = *uid;
  }
  if (what.has(SecurityInfoBit::group)) {
    const auto gid = gid_of_sid(*next.group);
    if (gid && *gid != file.gid) update.gid = *gid;
  }
}

vfs::NodeInfo with_change(vfs::NodeInfo file, const vfs::OwnershipUpdate& update) {
  file.uid = update.uid.value_or(file.uid);
  file.gid = update.gid.value_or(file.gid);
  file.mode = update.mode.value_or(file.mode);
  return file;
}

// The mode that says the same as `next`, if there is one.
std::optional<std::uint32_t> exact_mode(const SecurityDescriptor& next, const vfs::NodeInfo& file,
                                        const identity::AccessToken& setter) {
  const auto update = mode_from_security(next, SecurityInfoBit::dacl, file, setter);
  if (!update) return std::nullopt;
  const SecurityDescriptor shown = security_from_mode(with_change(file, *update), kStoredParts, setter);
  return shown == next ? update->mode : std::nullopt;
}

// Makes a file be as `next` says: by its mode where that says it all, else by storing it.
vfs::OwnershipUpdate update_to(const SecurityDescriptor& next, SecurityInformation what, const vfs::NodeInfo& file,
                               const identity::AccessToken& setter) {
  vfs::OwnershipUpdate update;
  take_owner_and_group(next, what, file, setter, update);
  const vfs::NodeInfo owned = with_change(file, update);
  if (const auto mode = exact_mode(next, owned, setter)) {
    update.mode = mode;
    if (file.security) update.security.emplace();
    return update;
  }
  if (what.has(SecurityInfoBit::dacl)) {
    const std::uint32_t mode = mode_for_local_programs(next, owned, setter);
    if (mode != file.mode) update.mode = mode;
  }
  update.security = encode_security_descriptor(next);
  return update;
}

}  // namespace

std::optional<SecurityDescriptor> stored_descriptor(const vfs::SecurityBlob& stored) {
  if (!stored) return std::nullopt;
  if (auto decoded = decode_security_descriptor(*stored)) return *std::move(decoded);
  SecurityDescriptor nobody;
  nobody.control |= SdControl::dacl_present;
  nobody.dacl.emplace();
  return nobody;
}

SecurityDescriptor descriptor_of(const vfs::NodeInfo& file, const identity::AccessToken& viewer) {
  SecurityDescriptor made = security_from_mode(file, kStoredParts, viewer);
  auto stored = stored_descriptor(file.security);
  if (!stored) return made;
  stored->control = stored->control.without(SdControl::self_relative);
  // One that cannot be read can be replaced by whoever owns the file.
  if (!stored->owner) stored->owner = made.owner;
  if (!stored->group) stored->group = made.group;
  return *std::move(stored);
}

SecurityDescriptor parts_of(SecurityDescriptor descriptor, SecurityInformation what) {
  if (!what.has(SecurityInfoBit::owner)) descriptor.owner.reset();
  if (!what.has(SecurityInfoBit::group)) descriptor.group.reset();
  if (!what.has(SecurityInfoBit::dacl)) {
    descriptor.dacl.reset();
    descriptor.control = descriptor.control.without(kDaclControls);
  }
  // There are no audit entries: the SACL is null.
  if (what.has(SecurityInfoBit::sacl)) descriptor.control |= SdControl::sacl_present;
  return descriptor;
}

Result<> check_owner_and_group(const SecurityDescriptor& wanted, const identity::AccessToken& setter) {
  if (wanted.owner) DOZO_CHECK(check_owner(*wanted.owner, setter));
  return wanted.group ? check_group(*wanted.group, setter) : Result<>();
}

Result<vfs::OwnershipUpdate> security_update(const SecurityDescriptor& wanted, SecurityInformation what,
                                             const vfs::NodeInfo& file, const identity::AccessToken& setter) {
  SecurityDescriptor next = descriptor_of(file, setter);
  if (what.has(SecurityInfoBit::owner)) {
    if (!wanted.owner) return fail(NtStatus::INVALID_OWNER);
    if (wanted.owner != next.owner) DOZO_CHECK(check_owner(*wanted.owner, setter));
    next.owner = wanted.owner;
  }
  if (what.has(SecurityInfoBit::group)) {
    if (!wanted.group) return fail(NtStatus::INVALID_PRIMARY_GROUP);
    if (wanted.group != next.group) DOZO_CHECK(check_group(*wanted.group, setter));
    next.group = wanted.group;
  }
  if (what.has(SecurityInfoBit::dacl)) {
    DOZO_CHECK(check_dacl(wanted));
    assign_dacl(next, wanted);
  } else if (!file.security && (!wanted.owner || uid_of_sid(*wanted.owner, setter)) &&
             (!wanted.group || gid_of_sid(*wanted.group))) {
    // The mode goes on saying who may do what, of a file that belongs to somebody else.
    vfs::OwnershipUpdate update;
    take_owner_and_group(next, what, file, setter, update);
    return update;
  }
  return update_to(next, what, file, setter);
}

Result<std::optional<vfs::OwnershipUpdate>> security_of_new(const std::optional<SecurityDescriptor>& parent,
                                                            const std::optional<SecurityDescriptor>& creator,
                                                            const vfs::NodeInfo& file,
                                                            const identity::AccessToken& creator_token) {
  const SecurityDescriptor made = security_from_mode(file, kStoredParts, creator_token);
  auto next = descriptor_of_new({.parent = parent ? &*parent : nullptr,
                                 .creator = creator ? &*creator : nullptr,
                                 .is_container = file.type == vfs::NodeType::directory,
                                 .owner = *made.owner,
                                 .group = *made.group});
  const bool belongs = creator && (creator->owner || creator->group);
  if (!next && !belongs) return std::nullopt;
  if (!next) {
    next = made;
    next->owner = creator->owner.value_or(*made.owner);
    next->group = creator->group.value_or(*made.group);
  }
  DOZO_CHECK(check_dacl(*next));
  return update_to(*next, kStoredParts, file, creator_token);
}

AccessMask allowed_access(const SecurityDescriptor& descriptor, const identity::AccessToken& token) {
  return dozo::allowed_access(descriptor,
                              {.user = token.user, .groups = token.groups, .may_take_ownership = token.is_admin});
}

runtime::Task<Result<std::optional<SecurityDescriptor>>> check_may_add(const Tree& tree, vfs::NodeRef parent,
                                                                      bool directory) {
  const identity::AccessToken& token = *tree.token;
  auto info = co_await tree.share->volume->node_info(parent);
  if (!info) co_return fail(info.error());
  auto descriptor = stored_descriptor(info->security);
  if (!descriptor) co_return descriptor;
  descriptor = descriptor_of(*info, token);
  const Access right = directory ? Access::append_data : Access::write_data;
  if (!allowed_access(*descriptor, token).has(right)) co_return fail(NtStatus::ACCESS_DENIED);
  co_return descriptor;
}

}  // namespace dozo::server
