// What a security descriptor lets somebody do. [MS-DTYP] 2.5.3.2. Pure.
#pragma once

#include <span>

#include "model/security_descriptor.h"

namespace dozo {

// Whose access is asked for: the part of a token that access checks read. Views; the token outlives it.
struct AccessSubject {
  const Sid& user;
  std::span<const Sid> groups;
  bool may_take_ownership = false;  // SeTakeOwnershipPrivilege

  bool has(const Sid& sid) const;
};

// Every right that `subject` has by `sd`: what MAXIMUM_ALLOWED grants. A request is granted when it asks for no more
// than this. The DACL is read from the front, and the first entry that decides a right decides it; for a single request
// that is the algorithm of the specification, and for all rights at once what Windows answers (a deny entry takes
// nothing away that an entry before it has given). ACCESS_SYSTEM_SECURITY is never in it: no descriptor grants it.
//
// What cannot be evaluated never grants: conditional and object entries allow nothing, and deny what they name.
AccessMask allowed_access(const SecurityDescriptor& sd, const AccessSubject& subject);

}  // namespace dozo
