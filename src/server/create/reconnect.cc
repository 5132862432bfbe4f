// CREATE that comes back to an open. [MS-SMB2] 3.3.5.9.7, 3.3.5.9.12.
#include "base/unicode.h"
#include "server/connection.h"
#include "server/create/contexts.h"
#include "server/server.h"

namespace dozo::server {
namespace {

Result<> not_found() { return fail(NtStatus::OBJECT_NAME_NOT_FOUND); }

// [MS-SMB2] 3.3.5.9.7, 3.3.5.9.12: a lease is come back to with its key, in its version, and by its client.
Result<> check_lease(const DurableHandle& handle, const ReconnectAsk& ask) {
  if (handle.lease.has_value() != ask.lease.has_value()) return not_found();
  if (!handle.lease) return {};
  if (handle.lease->key != ask.lease->key || handle.lease->v2 != ask.lease->v2) return not_found();
  return {};
}

Result<> check_v2(const DurableHandle& handle, const ReconnectAsk& ask) {
  if (handle.is_persistent && !ask.persistent) return not_found();
  // [MS-SMB2] 3.3.5.9: Open.CreateGuid of what was opened without one is NULL, all zeros.
  if (handle.create_guid.value_or(Guid()) != ask.create_guid) return not_found();
  return {};
}

ReconnectAsk ask_of(const Request& request, const CreateParameters& parameters, const CreatePlan& plan) {
  const DurableContexts& contexts = parameters.contexts.durable;
  ReconnectAsk out{.lease = plan.lease};
  if (contexts.reconnect_v2) {
    out.v2 = true;
    out.persistent = contexts.reconnect_v2->flags.has(wire::DurableFlag::persistent);
    out.create_guid = contexts.reconnect_v2->create_guid;
  }
  out.client_guid = request.connection.negotiated->client_guid;
  out.owner = request.session->valid().token->user;
  out.share = fold_name(request.tree->share->config.name);
  out.path = durable_path(parameters.name.path, parameters.name.stream);
  return out;
}

// The disconnected open that is meant, if it may be come back to.
Result<OpenRef> find_disconnected(Request& request, const DurableContexts& contexts, const ReconnectAsk& ask) {
  DurableTable& table = request.server.durables();
  const bool any_may = request.server.canary() == share::Canary::stranger_reclaims;
  const auto check = [&ask, any_may](const Open& open) { return any_may ? Result<>() : check_reconnect(open, ask); };
  const FileId id = contexts.reconnect ? *contexts.reconnect : contexts.reconnect_v2->file_id;
  Result<OpenRef> found = table.find_parked(id.persistent, check);
  if (found || found.error() != NtStatus::OBJECT_NAME_NOT_FOUND) return found;
  // [MS-SMB2] 3.3.5.9.12: a client that never got its CREATE's answer knows the GUID alone.
  if (!ask.v2 || !ask.persistent || !grants_persistent(request)) return found;
  return table.find_parked(ask.create_guid, check);
}

}  // namespace

std::u16string durable_path(const vfs::Path& path, std::string_view stream) {
  std::u16string out = engine_path(path);
  if (!stream.empty()) out += u':' + fold_name(stream);
  return out;
}

Result<> check_reconnect(const Open& open, const ReconnectAsk& ask) {
  const DurableHandle& handle = *open.durable;
  // A FileId of another share is none of this one.
  if (fold_name(open.tree->share->config.name) != ask.share) return not_found();
  if (handle.lease && handle.client_guid != ask.client_guid) return not_found();
  if (ask.v2) DOZO_CHECK(check_v2(handle, ask));
  DOZO_CHECK(check_lease(handle, ask));
  // [MS-SMB2] 3.3.5.9.7, 3.3.5.9.12: under its lease the open is known by its name.
  const bool named = durable_path(open.path, open.stream) == ask.path;
  if (handle.lease && !open.options.has(CreateOption::delete_on_close) && !named) {
    return fail(NtStatus::INVALID_PARAMETER);
  }
  if (ask.v2 && ask.persistent && !handle.is_persistent) return fail(NtStatus::INVALID_PARAMETER);
  return handle.owner == ask.owner ? Result<>() : Result<>(fail(NtStatus::ACCESS_DENIED));
}

Result<OpenRef> reclaim(Request& request, const OpenRef& parked) {
  Server& server = request.server;
  // A share that has become read-only since does not take back what may write.
  if (!request.tree->maximal_access.has_all(parked->granted.mask())) return fail(NtStatus::ACCESS_DENIED);
  OpenTable& opens = request.session->valid().opens;
  const std::optional<FileId> id = opens.reserve(parked->id.persistent);
  if (!id) return fail(NtStatus::TOO_MANY_OPENED_FILES);
  const share::OwnerId owner(request.session->id.value());
  const share::Effects effects = server.apply(share::ReclaimOpen{parked->share_id, owner});
  // Once the engine has said yes it does not end the open on its own any more; before, it may just have.
  const OpenRef taken = effects.granted() ? server.durables().unpark(parked->id.persistent) : nullptr;
  if (!taken) {
    opens.release(*id);
    return fail(NtStatus::OBJECT_NAME_NOT_FOUND);
  }
  const OpenRef open = taken->moved_to(*id, request.tree);
  // The client counts anew on its new session.
  open->sequence.restart(request.header.channel_sequence());
  opens.put(open);
  server.sharing().opens().publish(open->share_id, {.loop = &runtime::Loop::current(),
                                                    .open = open,
                                                    .owner = owner,
                                                    .file_id = *id,
                                                    .file = open->key.file(),
                                                    .encrypted = request.encrypted});
  enter_durable_table(server, *request.session, *open);
  return open;
}

Result<OpenRef> reconnect(Request& request, const CreateParameters& parameters, const CreatePlan& plan) {
  const ReconnectAsk ask = ask_of(request, parameters, plan);
  DOZO_TRY(const OpenRef parked, find_disconnected(request, parameters.contexts.durable, ask));
  return reclaim(request, parked);
}

}  // namespace dozo::server
