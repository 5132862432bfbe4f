// TREE_CONNECT and TREE_DISCONNECT. [MS-SMB2] 3.3.5.7, 3.3.5.8.
#include "wire/tree_connect.h"

#include "guard/audit.h"
#include "guard/share_policy.h"
#include "server/commands/close_open.h"
#include "server/commands/commands.h"
#include "server/commands/share_caller.h"
#include "server/connection.h"
#include "server/server.h"
#include "wire/tree_disconnect.h"

namespace dozo::server {
namespace {

constexpr std::size_t kTreesMax = 4096;  // of one session

// The share's name in \\server\share. [MS-SMB2] 2.2.9.
Result<std::string> share_name_of(std::u16string_view path) {
  const std::size_t cut = path.rfind(u'\\');
  if (cut == std::u16string_view::npos || cut + 1 == path.size() || !path.starts_with(u"\\\\")) {
    return fail(NtStatus::BAD_NETWORK_NAME);
  }
  return utf16_to_utf8(path.substr(cut + 1));
}

std::vector<std::string> group_names(Server& server, std::string_view user) {
  std::vector<std::string> names;
  const auto users = server.users().snapshot();
  for (const identity::Group* group : users->groups_of(user)) names.push_back(group->name);
  return names;
}

Result<guard::SharePermit> permit(Request& request, const Share& share) {
  const std::string& user = request.session->valid().token->user_name;
  const guard::SharePolicy policy{.allow = share.config.allow,
                                  .deny = {},
                                  .read_only = share.config.read_only,
                                  .write_allow = {},
                                  .encryption_required = share.encryption_required};
  const std::vector<std::string> groups = group_names(request.server, user);
  const guard::Subject subject{
      .user = user, .groups = groups, .peer_can_encrypt = request.connection.negotiated->cipher.has_value()};
  const auto verdict = guard::permit_connect(policy, subject);
  if (verdict) return *verdict;
  guard::emit({.event = guard::AuditEvent::share_refused,
               .address = request.connection.peer_address(),
               .user = user,
               .share = share.config.name,
               .reason = std::string(guard::to_string(verdict.error()))});
  return fail(NtStatus::ACCESS_DENIED);
}

// Nobody gets IPC$; of other names they do not even learn which there are.
Result<> check_open_to_nobody(const Request& request, const std::string& name, const ShareRef& share) {
  if (!request.session->valid().token->is_anonymous || (share && share->is_ipc())) return {};
  guard::emit({.event = guard::AuditEvent::share_refused,
               .address = request.connection.peer_address(),
               .share = name,
               .reason = "anonymous",
               .session = request.session->id});
  return fail(NtStatus::ACCESS_DENIED);
}

wire::TreeConnectResponse response_of(const Request& request, const Tree& tree) {
  wire::TreeConnectResponse response;
  response.share_type = tree.share->is_ipc() ? wire::ShareType::pipe : wire::ShareType::disk;
  if (tree.share->is_ipc()) response.share_flags |= wire::ShareProperty::no_caching;
  if (tree.share->encryption_required) response.share_flags |= wire::ShareProperty::encrypt_data;
  // [MS-SMB2] 3.3.5.7: for a dialect that can use it.
  const bool smb3 = is_smb3(request.connection.negotiated->dialect);
  if (smb3 && tree.share->config.continuously_available) {
    response.capabilities |= wire::ShareCapability::continuous_availability;
  }
  response.maximal_access = tree.maximal_access;
  return response;
}

}  // namespace

runtime::Task<Result<Reply>> handle_tree_connect(Request& request) {
  DOZO_CO_TRY(const auto in, request.decode<wire::TreeConnectRequest>());
  const bool extended = request.connection.negotiated->dialect == Dialect::smb_3_1_1 &&
                        in.flags.has(wire::TreeConnectFlag::extension_present);
  // [MS-SMB2] 2.2.9.1: the extension's contexts are optional; malformed ones are an error all the same.
  if (extended) DOZO_CO_CHECK(wire::decode_tree_connect_contexts(request.message));
  // [MS-SMB2] 3.3.5.7: in 3.1.1 somebody between the two could have changed what was negotiated; a signature proves
  // that nobody has.
  // Nobody has nothing to prove it with.
  const bool provable =
      request.connection.negotiated->dialect == Dialect::smb_3_1_1 && !request.session->terms().is_anonymous;
  if (provable && !request.signed_by_client && !request.encrypted) {
    request.connection.disconnect("a TREE_CONNECT of 3.1.1 that is neither signed nor encrypted");
    co_return Reply::none();
  }
  DOZO_CO_TRY(const std::string name, share_name_of(in.path));
  const ShareRef share = request.server.find_share(name);
  DOZO_CO_CHECK(check_open_to_nobody(request, name, share));
  if (!share) co_return fail(NtStatus::BAD_NETWORK_NAME);
  if (request.session->valid().trees.size() >= kTreesMax) co_return fail(NtStatus::INSUFFICIENT_RESOURCES);

  DOZO_CO_TRY(const guard::SharePermit granted, permit(request, *share));
  auto user = co_await acting_user(request.server, request.session->valid().token, share);
  if (!user) co_return fail(user.error());
  if (request.session->has_ended()) co_return fail(NtStatus::USER_SESSION_DELETED);

  const auto tree = std::make_shared<Tree>(request.session->next_tree_id(), share, std::move(*user),
                                           guard::share_access(granted), request.received_at);
  request.session->valid().trees.emplace(tree->id, tree);
  request.server.stats.trees_now.fetch_add(1, std::memory_order_relaxed);
  request.tree_id = tree->id;
  co_return Reply::of(response_of(request, *tree));
}

runtime::Task<Result<Reply>> handle_tree_disconnect(Request& request) {
  DOZO_CO_CHECK(request.decode<wire::TreeDisconnectRequest>());
  co_await close_tree(request.server, request.session, request.tree);
  co_return Reply::of(wire::TreeDisconnectResponse{});
}

}  // namespace dozo::server
