#include "server/security.h"

#include <array>

#include "model/nt_status.h"

namespace dozo::server {
namespace {

constexpr std::uint64_t kUnixAuthority = 22;  // S-1-22-1-UID, S-1-22-2-GID
constexpr std::uint32_t kUnixUsers = 1;
constexpr std::uint32_t kUnixGroups = 2;

constexpr std::uint32_t kPermissionBits = 0777;

// The classes of a mode, in the order in which a file system asks them.
enum Class : std::size_t { owner, group, everyone };
constexpr std::array<std::uint32_t, 3> kShift = {6, 3, 0};

constexpr std::uint32_t bits_of(std::uint32_t mode, Class c) { return (mode >> kShift[c]) & 7; }

// Rights that a class has by its bits, and that the other way round stand for the bit: all of them, or none.
struct BitRights {
  std::uint32_t bit;
  AccessMask decides;  // what a DACL must allow for the bit to be set
  AccessMask grants;   // what the bit is shown as
};
constexpr BitRights kBitRights[] = {
    {4, Access::read_data, kFileGenericRead},
    {2, Access::write_data | Access::append_data, kFileGenericWrite},
    {1, Access::execute, kFileGenericExecute},
};

// What the owner may always do, whatever the bits: change the mode, and look.
constexpr AccessMask kOwnerRights = Access::read_control | Access::write_dac | Access::write_owner |
                                    Access::read_attributes | Access::write_attributes | Access::synchronize;
constexpr AccessMask kLookRights = Access::read_control | Access::read_attributes | Access::synchronize;

AccessMask allowed_mask(const vfs::NodeInfo& file, Class c) {
  const std::uint32_t bits = bits_of(file.mode, c);
  if (c == owner && bits == 7) return kFileAllAccess;
  AccessMask mask = c == owner ? kOwnerRights : kLookRights;
  for (const BitRights& row : kBitRights) {
    if ((bits & row.bit) != 0) mask |= row.grants;
  }
  // Who may write a directory may remove what is in it.
  if (file.type == vfs::NodeType::directory && (bits & 2) != 0) mask |= Access::delete_child;
  return mask;
}

// What the classes after `c` may and `c` may not: the mode's first match decides, a DACL adds up.
AccessMask denied_mask(std::uint32_t mode, Class c) {
  std::uint32_t later = 0;
  for (std::size_t i = c + 1; i <= everyone; ++i) later |= bits_of(mode, static_cast<Class>(i));
  const std::uint32_t denied = later & ~bits_of(mode, c);
  AccessMask mask;
  for (const BitRights& row : kBitRights) {
    if ((denied & row.bit) != 0) mask |= row.decides;
  }
  return mask;
}

Ace ace_of(AceType type, AccessMask mask, Sid sid) {
  return {static_cast<std::uint8_t>(type), AceFlags(), mask, std::move(sid), {}};
}

Acl dacl_from_mode(const vfs::NodeInfo& file, const identity::AccessToken& viewer) {
  const std::array<Sid, 3> sids = {sid_of_uid(file.uid, viewer), sid_of_gid(file.gid), sid_everyone()};
  Acl acl;
  for (const Class c : {owner, group, everyone}) {
    const AccessMask denied = denied_mask(file.mode, c);
    if (!denied.empty()) acl.aces.push_back(ace_of(AceType::access_denied, denied, sids[c]));
    acl.aces.push_back(ace_of(AceType::access_allowed, allowed_mask(file, c), sids[c]));
  }
  return acl;
}

// Which classes an entry of this SID means; nothing for one that mode bits cannot tell apart.
struct Meant {
  std::array<bool, 3> classes{};
  bool ignorable = false;  // the superuser's kin: no mode binds them
};
std::optional<Meant> classes_of(const Sid& sid, const std::array<Sid, 2>& owner_and_group) {
  if (sid == sid_everyone() || sid == sid_authenticated_users()) return Meant{{true, true, true}, false};
  // An owner who is the group too (a user's own group) means both.
  const bool is_owner = sid == owner_and_group[owner] || sid == sid_owner_rights();
  const bool is_group = sid == owner_and_group[group];
  if (is_owner || is_group) return Meant{{is_owner, is_group, false}, false};
  if (sid == sid_system() || sid == sid_administrators()) return Meant{{}, true};
  return std::nullopt;
}

// A DACL evaluated for the three classes at once, entry by entry: what is decided first stays. [MS-DTYP] 2.5.3.2.
class Evaluation {
 public:
  void apply(const Ace& ace, const Meant& meant) {
    const AccessMask mask = map_generic(ace.mask);
    const bool allow = ace.type == static_cast<std::uint8_t>(AceType::access_allowed);
    for (const Class c : {owner, group, everyone}) {
      if (!meant.classes[c]) continue;
      if (allow) allowed_[c] |= mask.without(denied_[c]);
      if (!allow) denied_[c] |= mask.without(allowed_[c]);
    }
  }
  std::uint32_t mode() const {
    std::uint32_t mode = 0;
    for (const Class c : {owner, group, everyone}) {
      for (const BitRights& row : kBitRights) {
        if (allowed_[c].has_all(row.decides)) mode |= row.bit << kShift[c];
      }
    }
    return mode;
  }

 private:
  std::array<AccessMask, 3> allowed_;
  std::array<AccessMask, 3> denied_;
};

Result<std::uint32_t> mode_from_dacl(const Acl& acl, const std::array<Sid, 2>& owner_and_group) {
  Evaluation evaluation;
  for (const Ace& ace : acl.aces) {
    const bool known = ace.type == static_cast<std::uint8_t>(AceType::access_allowed) ||
                       ace.type == static_cast<std::uint8_t>(AceType::access_denied);
    if (!known || !ace.trailing.empty()) return fail(NtStatus::INVALID_ACL);
    if (ace.flags.has(AceFlag::inherit_only)) continue;
    const std::optional<Meant> meant = classes_of(ace.sid, owner_and_group);
    if (!meant) return fail(NtStatus::NOT_SUPPORTED);
    if (!meant->ignorable) evaluation.apply(ace, *meant);
  }
  return evaluation.mode();
}

bool is_effective(const Ace& ace) {
  const bool known = ace.type == static_cast<std::uint8_t>(AceType::access_allowed) ||
                     ace.type == static_cast<std::uint8_t>(AceType::access_denied);
  return known && !ace.flags.has(AceFlag::inherit_only);
}

std::optional<std::uint32_t> clients_mode(const Acl& dacl) {
  static const Sid kNfsModes{5, {kNfsSids, 3}};
  for (const Ace& ace : dacl.aces) {
    if (is_effective(ace) && ace.sid.is_child_of(kNfsModes)) return ace.sid.rid() & kPermissionBits;
  }
  return std::nullopt;
}

}  // namespace

std::uint32_t mode_for_local_programs(const SecurityDescriptor& stored, const vfs::NodeInfo& file,
                                      const identity::AccessToken& viewer) {
  constexpr std::uint32_t kOwnerBits = 0700;
  constexpr std::uint32_t kExecute = 0111;
  const bool is_directory = file.type == vfs::NodeType::directory;
  const std::uint32_t kept = (file.mode & ~kPermissionBits) | (is_directory ? kOwnerBits : 0600);
  std::uint32_t mode = kPermissionBits;  // [MS-DTYP] 2.4.6: no DACL grants everyone everything
  if (stored.dacl) {
    if (const auto asked = clients_mode(*stored.dacl)) return kept | *asked;
    const std::array<Sid, 2> sids = {sid_of_uid(file.uid, viewer), sid_of_gid(file.gid)};
    if (const auto exact = mode_from_dacl(*stored.dacl, sids)) return kept | *exact;
    Evaluation evaluation;
    for (const Ace& ace : stored.dacl->aces) {
      if (!is_effective(ace)) continue;
      const std::optional<Meant> meant = classes_of(ace.sid, sids);
      if (meant && !meant->ignorable) evaluation.apply(ace, *meant);
    }
    mode = evaluation.mode();
  }
  if (!is_directory) mode &= ~kExecute | (file.mode & kExecute);
  return kept | (mode & ~kOwnerBits) | (file.mode & kOwnerBits);
}

Sid sid_of_uid(std::uint32_t uid, const identity::AccessToken& viewer) {
  // Several users share the run-as account: as its uid they are not told apart.
  if (uid == viewer.uid && !viewer.mapped_to_run_as) return viewer.user;
  return sid_unix_user(uid);
}

Sid sid_of_gid(std::uint32_t gid) { return sid_unix_group(gid); }

Result<std::uint32_t> uid_of_sid(const Sid& sid, const identity::AccessToken& viewer) {
  if (sid == viewer.user) return viewer.uid;
  const bool is_unix = sid.authority == kUnixAuthority && sid.sub_authorities.size() == 2;
  if (!is_unix || sid.sub_authorities[0] != kUnixUsers) return fail(NtStatus::INVALID_OWNER);
  return sid.rid();
}

Result<std::uint32_t> gid_of_sid(const Sid& sid) {
  const bool is_unix = sid.authority == kUnixAuthority && sid.sub_authorities.size() == 2;
  if (!is_unix || sid.sub_authorities[0] != kUnixGroups) return fail(NtStatus::INVALID_PRIMARY_GROUP);
  return sid.rid();
}

SecurityDescriptor security_from_mode(const vfs::NodeInfo& file, SecurityInformation what,
                                      const identity::AccessToken& viewer) {
  SecurityDescriptor out;
  if (what.has(SecurityInfoBit::owner)) out.owner = sid_of_uid(file.uid, viewer);
  if (what.has(SecurityInfoBit::group)) out.group = sid_of_gid(file.gid);
  if (what.has(SecurityInfoBit::dacl)) {
    // Nothing is inherited: what a new file gets is the creator's mode.
    out.control |= SdControl::dacl_present | SdControl::dacl_protected;
    out.dacl = dacl_from_mode(file, viewer);
  }
  if (what.has(SecurityInfoBit::sacl)) out.control |= SdControl::sacl_present;
  return out;
}

Result<vfs::OwnershipUpdate> mode_from_security(const SecurityDescriptor& wanted, SecurityInformation what,
                                                const vfs::NodeInfo& file, const identity::AccessToken& viewer) {
  vfs::OwnershipUpdate update;
  if (what.has(SecurityInfoBit::owner)) {
    if (!wanted.owner) return fail(NtStatus::INVALID_OWNER);
    DOZO_TRY(const std::uint32_t uid, uid_of_sid(*wanted.owner, viewer));
    if (uid != file.uid) update.uid = uid;
  }
  if (what.has(SecurityInfoBit::group)) {
    if (!wanted.group) return fail(NtStatus::INVALID_PRIMARY_GROUP);
    DOZO_TRY(const std::uint32_t gid, gid_of_sid(*wanted.group));
    if (gid != file.gid) update.gid = gid;
  }
  if (!what.has(SecurityInfoBit::dacl)) return update;
  std::uint32_t permissions = kPermissionBits;  // [MS-DTYP] 2.4.6: no DACL grants everyone everything
  if (wanted.control.has(SdControl::dacl_present) && wanted.dacl) {
    const std::array<Sid, 2> sids = {sid_of_uid(update.uid.value_or(file.uid), viewer),
                                     sid_of_gid(update.gid.value_or(file.gid))};
    DOZO_TRY(permissions, mode_from_dacl(*wanted.dacl, sids));
  }
  update.mode = (file.mode & ~kPermissionBits) | permissions;
  return update;
}

}  // namespace dozo::server
