#include <algorithm>
#include <numeric>

#include "base/unicode.h"
#include "identity/user_store.h"

namespace dozo::identity {

UserSnapshot::UserSnapshot(MachineIdentity machine, std::vector<User> users, std::vector<Group> groups)
    : machine_(std::move(machine)), users_(std::move(users)), groups_(std::move(groups)) {
  std::ranges::sort(users_, {}, [](const User& u) { return fold_name(u.name); });
  for (const User& user : users_) user_keys_.push_back(fold_name(user.name));
}

const User* UserSnapshot::find_user(std::string_view name) const {
  const std::u16string key = fold_name(name);
  const auto at = std::ranges::lower_bound(user_keys_, key);
  if (at == user_keys_.end() || *at != key) return nullptr;
  return &users_[static_cast<std::size_t>(at - user_keys_.begin())];
}

const User* UserSnapshot::find_user_by_rid(std::uint32_t rid) const {
  const auto at = std::ranges::find(users_, rid, &User::rid);
  return at == users_.end() ? nullptr : &*at;
}

const Group* UserSnapshot::find_group(std::string_view name) const {
  const std::u16string key = fold_name(name);
  const auto at = std::ranges::find_if(groups_, [&](const Group& g) { return fold_name(g.name) == key; });
  return at == groups_.end() ? nullptr : &*at;
}

const Group* UserSnapshot::find_group_by_sid(const Sid& sid) const {
  const auto at = std::ranges::find_if(groups_, [&](const Group& g) { return sid_of(g) == sid; });
  return at == groups_.end() ? nullptr : &*at;
}

std::vector<const Group*> UserSnapshot::groups_of(std::string_view user_name) const {
  const std::u16string key = fold_name(user_name);
  std::vector<const Group*> out;
  for (const Group& group : groups_) {
    const auto is_user = [&](const std::string& member) { return fold_name(member) == key; };
    if (std::ranges::any_of(group.members, is_user)) out.push_back(&group);
  }
  return out;
}

Sid UserSnapshot::sid_of(const Group& group) const {
  return (group.builtin ? sid_builtin() : machine_.domain_sid).child(group.rid);
}

}  // namespace dozo::identity
