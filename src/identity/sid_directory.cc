#include "identity/sid_directory.h"

#include <array>
#include <charconv>

#include "base/unicode.h"
#include "identity/system_accounts.h"

namespace dozo::identity {
namespace {

struct WellKnown {
  const char* sid;
  const char* domain;
  const char* name;
  SidNameUse use;
};

// [MS-DTYP] 2.4.2.4.
constexpr std::string_view kNtAuthority = "NT AUTHORITY";
constexpr std::string_view kBuiltin = "BUILTIN";
constexpr WellKnown kWellKnown[] = {
    {"S-1-0-0", "", "NULL SID", SidNameUse::well_known_group},
    {"S-1-1-0", "", "Everyone", SidNameUse::well_known_group},
    {"S-1-2-0", "", "LOCAL", SidNameUse::well_known_group},
    {"S-1-3-0", "", "CREATOR OWNER", SidNameUse::well_known_group},
    {"S-1-3-1", "", "CREATOR GROUP", SidNameUse::well_known_group},
    {"S-1-3-4", "", "OWNER RIGHTS", SidNameUse::well_known_group},
    {"S-1-5-2", "NT AUTHORITY", "NETWORK", SidNameUse::well_known_group},
    {"S-1-5-3", "NT AUTHORITY", "BATCH", SidNameUse::well_known_group},
    {"S-1-5-4", "NT AUTHORITY", "INTERACTIVE", SidNameUse::well_known_group},
    {"S-1-5-6", "NT AUTHORITY", "SERVICE", SidNameUse::well_known_group},
    {"S-1-5-7", "NT AUTHORITY", "ANONYMOUS LOGON", SidNameUse::well_known_group},
    {"S-1-5-10", "NT AUTHORITY", "SELF", SidNameUse::well_known_group},
    {"S-1-5-11", "NT AUTHORITY", "Authenticated Users", SidNameUse::well_known_group},
    {"S-1-5-18", "NT AUTHORITY", "SYSTEM", SidNameUse::well_known_group},
    {"S-1-5-19", "NT AUTHORITY", "LOCAL SERVICE", SidNameUse::well_known_group},
    {"S-1-5-20", "NT AUTHORITY", "NETWORK SERVICE", SidNameUse::well_known_group},
    {"S-1-5-32", "BUILTIN", "BUILTIN", SidNameUse::domain},
    {"S-1-5-32-544", "BUILTIN", "Administrators", SidNameUse::alias},
    {"S-1-5-32-545", "BUILTIN", "Users", SidNameUse::alias},
    {"S-1-5-32-546", "BUILTIN", "Guests", SidNameUse::alias},
    {"S-1-5-32-547", "BUILTIN", "Power Users", SidNameUse::alias},
    {"S-1-5-32-551", "BUILTIN", "Backup Operators", SidNameUse::alias},
};

constexpr std::string_view kUnixUser = "Unix User";
constexpr std::string_view kUnixGroup = "Unix Group";
constexpr std::uint64_t kUnixAuthority = 22;

bool same(std::string_view a, std::string_view b) { return fold_name(a) == fold_name(b); }

SidName well_known(const WellKnown& w) {
  const Sid sid = sid_from_string(w.sid).value_or(Sid{});
  Sid domain;
  if (w.domain == kBuiltin) domain = sid_builtin();
  if (w.domain == kNtAuthority) domain = Sid{.authority = 5, .sub_authorities = {}};
  return {.sid = sid, .domain_sid = domain, .domain = w.domain, .name = w.name, .use = w.use};
}

Sid unix_domain(std::uint32_t kind) { return {.authority = kUnixAuthority, .sub_authorities = {kind}}; }

SidName unix_user(const SystemUser& user) {
  return {sid_unix_user(user.uid), unix_domain(1), std::string(kUnixUser), user.name, SidNameUse::user};
}

SidName unix_group(const SystemGroup& group) {
  return {sid_unix_group(group.gid), unix_domain(2), std::string(kUnixGroup), group.name, SidNameUse::alias};
}

std::optional<SidName> find_unix_sid(const Sid& sid) {
  if (sid.is_child_of(unix_domain(1))) {
    if (const auto user = find_system_user(sid.rid())) return unix_user(*user);
  }
  if (sid.is_child_of(unix_domain(2))) {
    if (const auto group = find_system_group(sid.rid())) return unix_group(*group);
  }
  return std::nullopt;
}

struct SplitName {
  std::string domain;
  std::string name;
};

// "DOMAIN\name", "name@domain", "name".
SplitName split(std::string_view text) {
  if (const auto at = text.find('\\'); at != text.npos) {
    return {std::string(text.substr(0, at)), std::string(text.substr(at + 1))};
  }
  if (const auto at = text.rfind('@'); at != text.npos) {
    return {std::string(text.substr(at + 1)), std::string(text.substr(0, at))};
  }
  return {{}, std::string(text)};
}

std::optional<SidName> find_well_known_name(const SplitName& wanted) {
  for (const WellKnown& w : kWellKnown) {
    if (same(w.name, wanted.name) && (wanted.domain.empty() || same(w.domain, wanted.domain))) return well_known(w);
  }
  return std::nullopt;
}

std::optional<SidName> find_unix_name(const SplitName& wanted) {
  if (wanted.domain.empty() || same(wanted.domain, kUnixUser)) {
    if (const auto user = find_system_user(wanted.name)) return unix_user(*user);
  }
  if (wanted.domain.empty() || same(wanted.domain, kUnixGroup)) {
    if (const auto group = find_system_group(wanted.name)) return unix_group(*group);
  }
  return std::nullopt;
}

}  // namespace

SidDirectory::SidDirectory(UserSource& users, std::string machine_name)
    : users_(&users), machine_name_(std::move(machine_name)) {}

Sid SidDirectory::machine_sid() const { return users_->snapshot()->machine().domain_sid; }

std::optional<SidName> SidDirectory::find_machine_sid(const Sid& sid) const {
  const std::shared_ptr<const UserSnapshot> snapshot = users_->snapshot();
  const Sid& domain = snapshot->machine().domain_sid;
  if (sid == domain) return SidName{sid, domain, machine_name_, machine_name_, SidNameUse::domain};
  if (!sid.is_child_of(domain)) return std::nullopt;
  if (const User* user = snapshot->find_user_by_rid(sid.rid())) {
    return SidName{sid, domain, machine_name_, user->name, SidNameUse::user};
  }
  if (const Group* group = snapshot->find_group_by_sid(sid)) {
    return SidName{sid, domain, machine_name_, group->name, SidNameUse::alias};
  }
  return std::nullopt;
}

std::optional<SidName> SidDirectory::find_sid(const Sid& sid) const {
  const std::string text = to_string(sid);
  for (const WellKnown& w : kWellKnown) {
    if (text == w.sid) return well_known(w);
  }
  if (std::optional<SidName> found = find_machine_sid(sid)) return found;
  return find_unix_sid(sid);
}

std::optional<SidName> SidDirectory::find_machine_name(std::string_view name) const {
  const std::shared_ptr<const UserSnapshot> snapshot = users_->snapshot();
  const Sid& domain = snapshot->machine().domain_sid;
  if (const User* user = snapshot->find_user(name)) {
    return SidName{snapshot->sid_of(*user), domain, machine_name_, user->name, SidNameUse::user};
  }
  const Group* group = snapshot->find_group(name);
  if (group != nullptr && !group->builtin) {
    return SidName{snapshot->sid_of(*group), domain, machine_name_, group->name, SidNameUse::alias};
  }
  return std::nullopt;
}

std::optional<SidName> SidDirectory::find_name(std::string_view name) const {
  const SplitName wanted = split(name);
  const bool this_machine = wanted.domain.empty() || same(wanted.domain, machine_name_);
  // [MS-LSAT] 3.1.4.5: predefined names, then BUILTIN, then the accounts of this machine.
  if (std::optional<SidName> found = find_well_known_name(wanted)) return found;
  if (wanted.domain.empty() && same(wanted.name, machine_name_)) return find_machine_sid(machine_sid());
  if (this_machine) {
    if (std::optional<SidName> found = find_machine_name(wanted.name)) return found;
  }
  return find_unix_name(wanted);
}

}  // namespace dozo::identity
