// Users and groups of this machine, in a SQLite file of their own. State directory: users.db.
#pragma once

#include <cstdint>
#include <expected>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/secret.h"
#include "base/time.h"
#include "crypto/ntlm.h"
#include "model/guid.h"
#include "model/sid.h"

namespace dozo::identity {

// What went wrong, said to a person: what, where, and what to do.
struct StoreError {
  enum class Kind { not_found, exists, invalid, damaged, too_new, io };
  Kind kind = Kind::io;
  std::string message;
};
template <class T = void>
using StoreResult = std::expected<T, StoreError>;

struct User {
  std::string name;  // as it was entered; case is ignored when it is looked up
  std::string full_name;
  std::uint32_t rid = 0;
  crypto::NtHash nt_hash;  // never the password
  // The system account whose uid and gid the user's files get; none: the name itself is tried, then the run-as account.
  std::optional<std::string> unix_account;
  bool disabled = false;
  WallTime created;
  WallTime changed;
};

struct Group {
  std::string name;
  std::uint32_t rid = 0;
  bool builtin = false;              // its SID is in S-1-5-32, not in the machine's domain
  std::vector<std::string> members;  // user names, sorted
};

// What identifies the machine; made at random when the store is made, and kept.
struct MachineIdentity {
  Sid domain_sid;    // S-1-5-21-a-b-c
  Guid server_guid;  // [MS-SMB2] 3.3.1.5 ServerGuid
};

// All users and groups at one moment. Immutable, so that a logon may keep it without a lock.
class UserSnapshot {
 public:
  UserSnapshot(MachineIdentity machine, std::vector<User> users, std::vector<Group> groups);

  const MachineIdentity& machine() const { return machine_; }
  const std::vector<User>& users() const { return users_; }  // sorted by folded name
  const std::vector<Group>& groups() const { return groups_; }

  const User* find_user(std::string_view name) const;  // case-insensitive
  const User* find_user_by_rid(std::uint32_t rid) const;
  const Group* find_group(std::string_view name) const;
  const Group* find_group_by_sid(const Sid& sid) const;
  std::vector<const Group*> groups_of(std::string_view user_name) const;
  Sid sid_of(const User& user) const { return machine_.domain_sid.child(user.rid); }
  Sid sid_of(const Group& group) const;

 private:
  MachineIdentity machine_;
  std::vector<User> users_;
  std::vector<std::u16string> user_keys_;
  std::vector<Group> groups_;
};

// Where logons look users up.
class UserSource {
 public:
  virtual ~UserSource() = default;
  // The users as they are now. Thread-safe; does not block for longer than a read of a small cached file.
  virtual std::shared_ptr<const UserSnapshot> snapshot() = 0;
};

// The store. A resource (a database connection and a cached snapshot), thread-safe. Several processes may have it open:
// what one writes the others see at their next snapshot().
class UserStore final : public UserSource {
  struct Impl;

 public:
  // Opens or makes `state_directory`/users.db; the directory is made with mode 0700, the files with 0600. Refuses a
  // damaged file, one of a newer version, and one that others may read; updates one of an older version.
  static StoreResult<std::unique_ptr<UserStore>> open(const std::string& state_directory);
  explicit UserStore(std::unique_ptr<Impl> impl);  // for open()
  ~UserStore() override;

  std::shared_ptr<const UserSnapshot> snapshot() override;

  struct NewUser {
    std::string name;
    std::string password;
    std::string full_name;
    std::optional<std::string> unix_account;
  };
  StoreResult<> add_user(const NewUser& user);
  StoreResult<> set_password(std::string_view name, std::string_view password);
  StoreResult<> set_disabled(std::string_view name, bool disabled);
  StoreResult<> set_full_name(std::string_view name, std::string_view full_name);
  StoreResult<> set_unix_account(std::string_view name, std::optional<std::string> account);
  StoreResult<> remove_user(std::string_view name);

  StoreResult<> add_group(std::string_view name);
  StoreResult<> remove_group(std::string_view name);  // a built-in one stays
  StoreResult<> add_member(std::string_view group, std::string_view user);
  StoreResult<> remove_member(std::string_view group, std::string_view user);

 private:
  std::unique_ptr<Impl> impl_;
};

// Rules for what may be stored. Empty passwords, and names with characters that Windows does not allow, are invalid.
StoreResult<> check_user_name(std::string_view name);
StoreResult<> check_password(std::string_view password);

}  // namespace dozo::identity
