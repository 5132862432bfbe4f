// What a new file or directory's security descriptor is: what its creator says, and what its directory passes on.
// [MS-DTYP] 2.5.3.4. Pure.
#pragma once

#include <optional>

#include "model/security_descriptor.h"

namespace dozo {

struct NewObject {
  const SecurityDescriptor* parent = nullptr;   // null: the directory passes nothing on
  const SecurityDescriptor* creator = nullptr;  // null: the creator said nothing
  bool is_container = false;
  Sid owner;  // where the creator names none
  Sid group;
};

// nullopt: neither says who may do what, and the default of whoever asks applies. Never has a SACL.
std::optional<SecurityDescriptor> descriptor_of_new(const NewObject& object);

// `wanted`'s DACL as it is kept: generic rights mapped where they are effective, and SE_DACL_AUTO_INHERITED where it
// was asked for with SE_DACL_AUTO_INHERIT_REQ, which itself is not kept. For a descriptor that is set or given at
// creation.
void assign_dacl(SecurityDescriptor& to, const SecurityDescriptor& wanted);

}  // namespace dozo
