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

}  // namespace

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

}  // namespace dozo::server
