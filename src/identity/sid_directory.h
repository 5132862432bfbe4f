// SidDirectory: names of SIDs and SIDs of names. [MS-LSAT] 3.1.4.5, 3.1.4.9.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "identity/user_store.h"
#include "model/sid.h"

namespace dozo::identity {

// SID_NAME_USE, [MS-SAMR] 2.2.2.3 and [MS-LSAT] 2.2.13.
enum class SidNameUse : std::uint16_t {
  user = 1,
  group = 2,
  domain = 3,
  alias = 4,
  well_known_group = 5,
  deleted_account = 6,
  invalid = 7,
  unknown = 8,
  computer = 9,
  label = 10,
};

struct SidName {
  Sid sid;
  Sid domain_sid;  // of the domain the name belongs to; no sub-authorities and authority 0 where it has none
  std::string domain;
  std::string name;
  SidNameUse use = SidNameUse::unknown;
};

// Looks in the well-known SIDs, BUILTIN, this machine's users and groups, and the system's accounts ("Unix User\alice",
// S-1-22-1-UID). A value that refers to its source. Thread-safe. The system's accounts may be remote: see
// build_access_token.
class SidDirectory {
 public:
  SidDirectory(UserSource& users, std::string machine_name);

  // nullopt when nobody has that SID now.
  std::optional<SidName> find_sid(const Sid& sid) const;

  // "name", "DOMAIN\name" or "name@domain"; case is ignored. A bare name is looked for in the order above.
  std::optional<SidName> find_name(std::string_view name) const;

  const std::string& machine_name() const { return machine_name_; }
  Sid machine_sid() const;

 private:
  std::optional<SidName> find_machine_sid(const Sid& sid) const;
  std::optional<SidName> find_machine_name(std::string_view name) const;

  UserSource* users_;
  std::string machine_name_;
};

}  // namespace dozo::identity
