// The answer to a CREATE that made nothing: about an open that was there. [MS-SMB2] 3.3.5.9 "Response Construction".
#include "server/connection.h"
#include "server/create/contexts.h"
#include "server/server.h"
#include "server/settling.h"

namespace dozo::server {
namespace {

vfs::Resolved where_of(const Open& open, const vfs::NodeInfo& info) {
  return {.parent = open.location.parent,
          .name = open.location.name,
          .path = open.path,
          .node = open.node_ref,
          .info = info};
}

runtime::Task<AccessMask> maximal_access(Request& request, const vfs::Resolved& where) {
  auto permissions = co_await request.tree->share->volume->permissions(request.tree->caller, where);
  if (!permissions) co_return AccessMask();
  co_return AccessGrantor::maximal(*permissions, *request.tree, where.info.attributes.has(FileAttribute::read_only),
                                   false);
}

}  // namespace

runtime::Task<Result<Reply>> answer_known(Request& request, const CreateParameters& parameters, const CreatePlan& plan,
                                          OpenRef open, KnownBy how) {
  request.chain.file_id = open->id;
  auto info = co_await open->file->info();
  if (!info) co_return fail(info.error());
  const vfs::Resolved where = where_of(*open, *info);
  const AccessMask maximal = co_await maximal_access(request, where);
  const auto known = request.server.engine().find_open(open->share_id);
  if (!known) co_return fail(NtStatus::FILE_CLOSED);
  const bool replayed = how == KnownBy::replay;
  const CreateAction action = replayed ? open->durable->action : CreateAction::opened;
  const Materialized made{.file = open->file, .where = where, .info = *info, .action = action};
  share::Grant caching = known->caching;
  // A replay is told the oplock it asks for, whatever is held, as Windows does it (smbtorture replay-dhv2-oplock2).
  if (replayed && caching.oplock != OplockLevel::lease) caching.oplock = parameters.request.requested_oplock_level;
  co_return answer_create(
      {.parameters = parameters, .plan = plan, .open = *open, .made = made, .caching = caching, .maximal = maximal});
}

runtime::Task<Result<Reply>> reconnect_create(Request& request, const CreateParameters& parameters) {
  // [MS-SMB2] 3.3.5.9.7, 3.3.5.9.12: the name is not looked at as one that is to be opened, nor the access as asked
  // for.
  // A lease context counts whatever oplock level is asked for beside it.
  CreateParameters asked = parameters;
  if (asked.contexts.lease) asked.request.requested_oplock_level = OplockLevel::lease;
  CreatePlan plan;
  DOZO_CO_CHECK(plan_contexts(request, asked, plan));
  DOZO_CO_TRY(const OpenRef open, reconnect(request, parameters, plan));
  co_return co_await answer_known(request, parameters, plan, open, KnownBy::reconnect);
}

runtime::Task<Result<>> may_read(Request& request, const vfs::Path& path) {
  auto target = co_await request.tree->share->volume->resolve(request.tree->caller, path, {});
  if (!target) co_return fail(settled(target.error()));
  if (!target->exists()) co_return fail(NtStatus::OBJECT_NAME_NOT_FOUND);
  const AccessMask maximal = co_await maximal_access(request, *target);
  co_return maximal.has_all(kFileGenericRead) ? Result<>() : Result<>(fail(NtStatus::ACCESS_DENIED));
}

}  // namespace dozo::server
