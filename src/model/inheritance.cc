#include "model/inheritance.h"

#include <algorithm>

namespace dozo {
namespace {

constexpr SdControls kDaclControls = SdControl::dacl_present | SdControl::dacl_defaulted |
                                     SdControl::dacl_auto_inherit_req | SdControl::dacl_auto_inherited |
                                     SdControl::dacl_protected;
constexpr AccessMask kGenericBits =
    Access::generic_all | Access::generic_read | Access::generic_write | Access::generic_execute;

bool is_inheritable(const Ace& ace) { return ace.flags.has_any(AceFlag::object_inherit | AceFlag::container_inherit); }

// An entry with its macros resolved: who CREATOR OWNER is, and what generic rights are.
Ace made_concrete(Ace ace, const Sid& owner, const Sid& group) {
  if (ace.sid == sid_creator_owner()) ace.sid = owner;
  if (ace.sid == sid_creator_group()) ace.sid = group;
  ace.mask = map_generic(ace.mask);
  return ace;
}

class Inheritance {
 public:
  Inheritance(const NewObject& object, Sid owner, Sid group)
      : object_(object), owner_(std::move(owner)), group_(std::move(group)) {}

  // [MS-DTYP] 2.5.3.4.4: the table of flags, which INHERIT_ONLY in the parent plays no part in.
  void pass_on(const Ace& from, Acl& to) const {
    const bool effective = from.flags.has(object_.is_container ? AceFlag::container_inherit : AceFlag::object_inherit);
    const bool further = object_.is_container && !from.flags.has(AceFlag::no_propagate_inherit);
    if (!is_inheritable(from) || (!effective && !further)) return;
    Ace mine = made_concrete(from, owner_, group_);
    mine.flags = {};
    Ace theirs = from;
    theirs.flags = from.flags & (AceFlag::object_inherit | AceFlag::container_inherit);
    // [MS-DTYP] 2.5.3.4.4: one entry says both where it means the same to this container and to what is made in it.
    const bool same = mine.sid == theirs.sid && mine.mask == theirs.mask;
    if (effective && further && same) return append(theirs, to);
    if (effective) append(mine, to);
    if (!further) return;
    theirs.flags |= AceFlag::inherit_only;
    append(theirs, to);
  }

  // [MS-DTYP] 2.5.3.5: only where the parent's own DACL is one that inheritance keeps up.
  bool is_automatic() const { return object_.parent->control.has(SdControl::dacl_auto_inherited); }

 private:
  void append(Ace ace, Acl& to) const {
    if (is_automatic()) ace.flags |= AceFlag::inherited;
    to.aces.push_back(std::move(ace));
  }

  const NewObject& object_;
  Sid owner_;
  Sid group_;
};

bool has_inheritable(const SecurityDescriptor* parent) {
  return parent != nullptr && parent->dacl && std::ranges::any_of(parent->dacl->aces, is_inheritable);
}

// [MS-DTYP] 2.5.3.4.6: inherited entries are not the creator's to give; in a protected DACL they are entries as others.
void take_explicit(const SecurityDescriptor& creator, const Sid& owner, const Sid& group, SecurityDescriptor& out) {
  assign_dacl(out, creator);
  if (!out.dacl) return;
  const bool is_protected = creator.control.has(SdControl::dacl_protected);
  if (!is_protected) std::erase_if(out.dacl->aces, [](const Ace& ace) { return ace.flags.has(AceFlag::inherited); });
  for (Ace& ace : out.dacl->aces) {
    ace.flags = ace.flags.without(AceFlag::inherited);
    if (!is_inheritable(ace)) ace = made_concrete(std::move(ace), owner, group);
  }
}

}  // namespace

void assign_dacl(SecurityDescriptor& to, const SecurityDescriptor& wanted) {
  const bool automatic = wanted.control.has_all(SdControl::dacl_auto_inherited | SdControl::dacl_auto_inherit_req);
  to.control = to.control.without(kDaclControls) | SdControl::dacl_present;
  to.control |= wanted.control & (SdControl::dacl_protected | SdControl::dacl_defaulted);
  if (automatic) to.control |= SdControl::dacl_auto_inherited;
  to.dacl = wanted.control.has(SdControl::dacl_present) ? wanted.dacl : std::nullopt;
  if (!to.dacl) return;
  for (Ace& ace : to.dacl->aces) {
    // What only others will inherit keeps its generic rights: they are mapped when they do.
    if (!ace.flags.has(AceFlag::inherit_only) && ace.mask.has_any(kGenericBits)) ace.mask = map_generic(ace.mask);
  }
}

std::optional<SecurityDescriptor> descriptor_of_new(const NewObject& object) {
  const SecurityDescriptor* creator = object.creator;
  const bool says_who = creator != nullptr && creator->control.has(SdControl::dacl_present);
  const bool inherits = has_inheritable(object.parent);
  if (!says_who && !inherits) return std::nullopt;
  SecurityDescriptor out;
  out.owner = creator != nullptr && creator->owner ? *creator->owner : object.owner;
  out.group = creator != nullptr && creator->group ? *creator->group : object.group;
  const Inheritance inheritance(object, *out.owner, *out.group);
  if (says_who) {
    take_explicit(*creator, *out.owner, *out.group, out);
    // [MS-DTYP] 2.5.3.4.2: what the directory passes on by itself comes behind what the creator says.
    const bool merges =
        inherits && inheritance.is_automatic() && out.dacl && !creator->control.has(SdControl::dacl_protected);
    if (!merges) return out;
  } else {
    out.control |= SdControl::dacl_present;
    out.dacl = Acl{.revision = object.parent->dacl->revision, .aces = {}};
  }
  for (const Ace& ace : object.parent->dacl->aces) inheritance.pass_on(ace, *out.dacl);
  if (inheritance.is_automatic()) out.control |= SdControl::dacl_auto_inherited;
  return out;
}

}  // namespace dozo
