// AccessToken: who a session is, to access checks and to the file system.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "identity/user_store.h"
#include "model/sid.h"

namespace dozo::identity {

// A value, immutable once built; sessions share it.
struct AccessToken {
  std::string user_name;
  std::string domain;
  Sid user;
  // The user's groups, those of the system account (S-1-22-2-GID), Everyone, Authenticated Users, Network.
  std::vector<Sid> groups;
  std::uint32_t uid = 0;
  std::uint32_t gid = 0;
  std::vector<std::uint32_t> supplementary_gids;
  bool is_admin = false;          // member of BUILTIN\Administrators
  bool mapped_to_run_as = false;  // the user has no system account of their own
  bool is_anonymous = false;      // nobody: no file, no share but IPC$

  // Whether `sid` is the user or one of the groups.
  bool has(const Sid& sid) const;
};

struct TokenOptions {
  std::string domain;  // the name by which this machine's users are known: its NetBIOS name
  std::string run_as;  // system account of users who have none; empty: such users are refused
};

// The token of who gave no name. [MS-DTYP] 2.4.2.4 ANONYMOUS. It is not of Everyone, and its ids are nobody's: nothing
// is to be done on a file system in its name.
std::shared_ptr<const AccessToken> anonymous_token();

// Builds the token of a user in `snapshot`. Asks the system's account database (getpwnam_r, getgrouplist), which may
// block when that is a remote one: call it off the loop there. root is never mapped to, except as `run_as`.
// STATUS_NO_SUCH_USER when neither the user nor run_as has a system account.
Result<std::shared_ptr<const AccessToken>> build_access_token(const UserSnapshot& snapshot, const User& user,
                                                              const TokenOptions& options);

}  // namespace dozo::identity
