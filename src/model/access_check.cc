#include "model/access_check.h"

#include <algorithm>

namespace dozo {
namespace {

enum class Verdict { allows, denies, says_nothing };

// [MS-DTYP] 2.4.4.1: what entries of each type mean to a file, which has no object tree and no claims.
Verdict verdict_of(std::uint8_t type) {
  switch (type) {
    case 0x00:
      return Verdict::allows;
    case 0x01:  // denied
    case 0x06:  // denied, object
    case 0x0A:  // denied, callback
    case 0x0C:  // denied, object, callback
      return Verdict::denies;
    default:
      return Verdict::says_nothing;
  }
}

bool speaks_of_owner(const Acl& dacl) {
  return std::ranges::any_of(dacl.aces, [](const Ace& ace) {
    return ace.sid == sid_owner_rights() && !ace.flags.has(AceFlag::inherit_only) &&
           verdict_of(ace.type) != Verdict::says_nothing;
  });
}

}  // namespace

bool AccessSubject::has(const Sid& sid) const { return sid == user || std::ranges::find(groups, sid) != groups.end(); }

AccessMask allowed_access(const SecurityDescriptor& sd, const AccessSubject& subject) {
  // [MS-DTYP] 2.5.3.2: no DACL, no policy.
  if (!sd.control.has(SdControl::dacl_present) || !sd.dacl) return kFileAllAccess;
  const bool is_owner = sd.owner && subject.has(*sd.owner);
  AccessMask allowed;
  AccessMask denied;
  if (subject.may_take_ownership) allowed |= Access::write_owner;
  // [MS-DTYP] 2.5.3.2: the owner always reads and changes the DACL, unless it has entries for OWNER RIGHTS.
  if (is_owner && !speaks_of_owner(*sd.dacl)) allowed |= Access::read_control | Access::write_dac;
  for (const Ace& ace : sd.dacl->aces) {
    const Verdict verdict = verdict_of(ace.type);
    if (verdict == Verdict::says_nothing || ace.flags.has(AceFlag::inherit_only)) continue;
    if (!subject.has(ace.sid) && !(is_owner && ace.sid == sid_owner_rights())) continue;
    const AccessMask mask = map_generic(ace.mask);
    if (verdict == Verdict::allows) allowed |= mask.without(denied);
    if (verdict == Verdict::denies) denied |= mask.without(allowed);
  }
  return allowed & kFileAllAccess;
}

}  // namespace dozo
