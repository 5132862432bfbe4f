// CREATE. [MS-SMB2] 3.3.5.9.
#include "server/commands/commands.h"
#include "server/connection.h"
#include "server/create/create.h"
#include "server/server.h"

namespace dozo::server {
namespace {

// How often a name may come to mean something else while it is being opened.
constexpr int kAttemptsMax = 16;

// From the file to the client's open. What was acquired is owned by the open table from here on.
Result<OpenRef> publish(Request& request, const CreateParameters& parameters, const Authorization& authorization,
                        Materialized& made, ShareGrant grant) {
  OpenTable& opens = request.session->valid().opens;
  const std::optional<FileId> id = opens.reserve(request.server.new_persistent_file_id());
  if (!id) return fail(NtStatus::TOO_MANY_OPENED_FILES);
  auto open = std::make_shared<Open>(*id, request.tree, authorization.granted);
  open->options = parameters.request.create_options;
  open->file = made.file;
  open->path = made.where.path;
  open->stream = parameters.name.stream;
  open->location = {made.where.parent, made.where.name};
  open->node_ref = made.where.node;
  open->node = made.where.info.id;
  open->share_id = grant.id();
  open->key = key_of(*request.tree, open->node, open->stream);
  open->is_directory = made.info.type == vfs::NodeType::directory && open->stream.empty();
  opens.put(open);
  grant.publish();
  request.server.stats.opens_now.fetch_add(1, std::memory_order_relaxed);
  return open;
}

struct Opened {
  Authorization authorization;
  Materialized made;
  ShareGrant grant;
};

// One attempt: resolve to materialize. STATUS_RETRY: the name means something else by now.
runtime::Task<Result<Opened>> attempt(Request& request, const CreateParameters& parameters, const CreatePlan& plan) {
  vfs::Volume& volume = *request.tree->share->volume;
  auto target = co_await volume.resolve(request.tree->caller, parameters.name.path,
                                        {.follow_final_symlink = plan.follow_symlink});
  if (!target) co_return fail(target.error());
  DOZO_CO_CHECK(check_target(plan, parameters, *target));
  auto authorization = co_await authorize_create(request, plan, *target);
  if (!authorization) co_return fail(authorization.error());
  const GrantedAccess granted = authorization->granted;
  const bool existed = target->exists();

  if (!existed) {
    auto made = co_await create_new(request, parameters, plan, granted, *target);
    // Somebody else was quicker: with "open it if it exists" that is no collision.
    if (!made && made.error() == NtStatus::OBJECT_NAME_COLLISION && plan.may_open) co_return fail(NtStatus::RETRY);
    if (!made) co_return fail(made.error());
    const auto key = key_of(*request.tree, made->info.id, parameters.name.stream);
    auto grant = arbitrate(request, parameters, plan, granted, key, made->where.path,
                           made->info.type == vfs::NodeType::directory);
    if (!grant) co_return fail(grant.error());
    co_return Opened{*authorization, std::move(*made), std::move(*grant)};
  }
  const bool is_directory = target->info.type == vfs::NodeType::directory && parameters.name.stream.empty();
  auto grant = arbitrate(request, parameters, plan, granted,
                         key_of(*request.tree, target->info.id, parameters.name.stream), target->path, is_directory);
  if (!grant) co_return fail(grant.error());
  auto made = co_await open_existing(request, parameters, plan, granted, *target);
  if (!made) co_return fail(made.error());
  co_return Opened{*authorization, std::move(*made), std::move(*grant)};
}

}  // namespace

runtime::Task<Result<Reply>> handle_create(Request& request) {
  // [MS-SMB2] 3.3.5.2.7.2: what follows in a compound means this open, or fails as this does.
  request.chain.file_id.reset();
  request.chain.file_id_status = NtStatus::INVALID_HANDLE;
  DOZO_CO_TRY(const CreateParameters parameters, parse_create(request));
  if (request.tree->share->is_ipc()) co_return create_pipe(request, parameters);
  DOZO_CO_TRY(const CreatePlan plan, plan_create(parameters, *request.tree));

  for (int i = 0; i < kAttemptsMax; ++i) {
    auto opened = co_await attempt(request, parameters, plan);
    if (!opened && opened.error() == NtStatus::RETRY) continue;
    if (!opened) co_return fail(opened.error());
    auto done = co_await apply_contexts(request, parameters, opened->made);
    if (!done) co_return fail(done.error());
    if (request.session->has_ended() || request.tree->disconnected) co_return fail(NtStatus::NETWORK_NAME_DELETED);
    DOZO_CO_TRY(const OpenRef open, publish(request, parameters, opened->authorization, opened->made,
                                            std::move(opened->grant)));
    request.chain.file_id = open->id;
    co_return answer_create(parameters, *open, opened->made, opened->authorization.maximal);
  }
  co_return fail(NtStatus::SHARING_VIOLATION);
}

}  // namespace dozo::server
