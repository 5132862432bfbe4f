#include "server/commands/share_caller.h"

#include <pwd.h>
#include <unistd.h>

#include <array>

#include "base/log.h"
#include "server/server.h"
#include "server/settling.h"

namespace dozo::server {
namespace {

std::optional<vfs::Caller> account_of(const std::string& name) {
  std::array<char, 16384> buffer{};
  passwd entry{};
  passwd* found = nullptr;
  if (getpwnam_r(name.c_str(), &entry, buffer.data(), buffer.size(), &found) != 0 || found == nullptr) {
    return std::nullopt;
  }
  return vfs::Caller{.uid = found->pw_uid, .gid = found->pw_gid, .groups = {}, .switch_identity = true};
}

bool is_unix_group(const Sid& sid) {
  static const Sid kUnixGroups{22, {2}};
  return sid.is_child_of(kUnixGroups);
}

// Whoever acts as an account has what belongs to it, and what belongs to its groups, together with all others who do.
std::shared_ptr<const identity::AccessToken> token_of(const identity::AccessToken& user, const vfs::Caller& caller) {
  auto token = std::make_shared<identity::AccessToken>(user);
  token->mapped_to_run_as = user.mapped_to_run_as || caller.uid != user.uid;
  token->uid = caller.uid;
  token->gid = caller.gid;
  token->supplementary_gids = caller.groups;
  std::erase_if(token->groups, is_unix_group);
  token->groups.push_back(sid_unix_user(caller.uid));
  token->groups.push_back(sid_unix_group(caller.gid));
  for (const gid_t gid : caller.groups) {
    if (gid != caller.gid) token->groups.push_back(sid_unix_group(gid));
  }
  return token;
}

runtime::Task<Result<vfs::CallerRef>> caller_of(Server& server, std::shared_ptr<const identity::AccessToken> token,
                                                ShareRef share) {
  if (!server.switch_identity() || share->is_ipc()) {
    co_return std::make_shared<vfs::Caller>(
        vfs::Caller{.uid = geteuid(), .gid = getegid(), .groups = {}, .switch_identity = false});
  }
  if (!token->mapped_to_run_as) {
    co_return std::make_shared<vfs::Caller>(vfs::Caller{
        .uid = token->uid, .gid = token->gid, .groups = token->supplementary_gids, .switch_identity = true});
  }
  if (!share->config.run_as.empty()) {
    const std::string name = share->config.run_as;
    const auto look_up = [name] { return account_of(name); };
    auto account = co_await runtime::offload(runtime::Loop::current(), look_up);
    if (!account) {
      log::error("run_as_unknown", "share {}: run_as = \"{}\" is no account of this system", share->config.name, name);
      co_return fail(NtStatus::ACCESS_DENIED);
    }
    co_return std::make_shared<vfs::Caller>(std::move(*account));
  }
  // The folder's owner.
  const auto process = std::make_shared<const vfs::Caller>();
  auto root = co_await share->volume->resolve(process, {}, {});
  if (!root) co_return fail(settled(root.error()));
  co_return std::make_shared<vfs::Caller>(
      vfs::Caller{.uid = root->info.uid, .gid = root->info.gid, .groups = {}, .switch_identity = true});
}

}  // namespace

runtime::Task<Result<ActingUser>> acting_user(Server& server, std::shared_ptr<const identity::AccessToken> token,
                                              ShareRef share) {
  auto caller = co_await caller_of(server, token, share);
  if (!caller) co_return fail(caller.error());
  auto on_share = token_of(*token, **caller);
  co_return ActingUser{std::move(*caller), std::move(on_share)};
}

}  // namespace dozo::server
