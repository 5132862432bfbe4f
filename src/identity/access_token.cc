#include "identity/access_token.h"

#include <algorithm>

#include "identity/system_accounts.h"
#include "model/nt_status.h"

namespace dozo::identity {
namespace {

// The account a user's files belong to: the one set for them, else one of their name. A name of the store that happens
// to be the superuser's is not a way to become it.
std::optional<SystemUser> own_account(const User& user) {
  std::optional<SystemUser> account = find_system_user(user.unix_account.value_or(user.name));
  if (account && account->uid == 0) return std::nullopt;
  return account;
}

void add_sids(AccessToken& token, const UserSnapshot& snapshot, const User& user) {
  for (const Group* group : snapshot.groups_of(user.name)) {
    token.groups.push_back(snapshot.sid_of(*group));
    if (token.groups.back() == sid_administrators()) token.is_admin = true;
  }
  for (const std::uint32_t gid : token.supplementary_gids) token.groups.push_back(sid_unix_group(gid));
  // [MS-DTYP] 2.4.2.4: what every logon over the network has.
  token.groups.push_back(sid_everyone());
  token.groups.push_back(sid_authenticated_users());
  token.groups.push_back(sid_network());
}

}  // namespace

bool AccessToken::has(const Sid& sid) const { return sid == user || std::ranges::find(groups, sid) != groups.end(); }

std::shared_ptr<const AccessToken> anonymous_token() {
  constexpr std::uint32_t kNobody = 65534;
  auto token = std::make_shared<AccessToken>();
  token->user_name = "ANONYMOUS LOGON";
  token->domain = "NT AUTHORITY";
  token->user = sid_anonymous();
  token->groups.push_back(sid_network());
  token->uid = kNobody;
  token->gid = kNobody;
  token->is_anonymous = true;
  return token;
}

Result<std::shared_ptr<const AccessToken>> build_access_token(const UserSnapshot& snapshot, const User& user,
                                                              const TokenOptions& options) {
  auto token = std::make_shared<AccessToken>();
  std::optional<SystemUser> account = own_account(user);
  if (!account && !options.run_as.empty()) {
    account = find_system_user(options.run_as);
    token->mapped_to_run_as = true;
  }
  if (!account) return fail(NtStatus::NO_SUCH_USER);

  token->user_name = user.name;
  token->domain = options.domain;
  token->user = snapshot.sid_of(user);
  token->uid = account->uid;
  token->gid = account->gid;
  token->supplementary_gids = system_groups_of(*account);
  add_sids(*token, snapshot, user);
  return token;
}

}  // namespace dozo::identity
