// CREATE. [MS-SMB2] 3.3.5.9.
#include "server/caches.h"
#include "server/checks.h"
#include "server/commands/close_open.h"
#include "server/commands/commands.h"
#include "server/connection.h"
#include "server/create/contexts.h"
#include "server/durable/persist.h"
#include "server/server.h"
#include "server/settling.h"

namespace dozo::server {
namespace {

struct Opened {
  Authorization authorization;
  Materialized made;
  ShareGrant grant;
};

share::LeaseId lease_of(const Request& request, const Guid& key) {
  return {request.connection.negotiated->client_guid, key};
}

std::optional<share::LeaseId> granted_lease(const Request& request, const CreatePlan& plan, const ShareGrant& grant) {
  if (grant.caching().oplock != OplockLevel::lease) return std::nullopt;
  return lease_of(request, plan.lease->key);
}

std::optional<share::LeaseId> parent_lease_of(const Request& request, const CreatePlan& plan) {
  if (!plan.lease || !plan.lease->parent_key) return std::nullopt;
  return lease_of(request, *plan.lease->parent_key);
}

// [MS-SMB2] 3.3.5.9 "Successful Open Initialization", 3.3.5.9.6, 3.3.5.9.10.
void make_durable(const Request& request, const CreateParameters& parameters, const CreatePlan& plan,
                  const Opened& opened, Open& open) {
  open.sequence.restart(request.header.channel_sequence());
  // [MS-SMB2] 3.3.5.9: what a share promises to have after a restart is on the disk when it is answered.
  if (grants_persistent(request)) open.options |= CreateOption::write_through;
  open.durable = make_durable_handle(request, parameters, plan, open, opened.grant.caching());
  if (!open.durable) return;
  open.durable->action = opened.made.action;
  open.replay_eligible = open.durable->replay_eligible;
}

// A persistent open that cannot be stored is none.
runtime::Task<void> end_persistence(Request& request, OpenRef open) {
  Server& server = request.server;
  if (!open->closed) {
    open->durable->is_persistent = false;
    enter_durable_table(server, *request.session, *open);
    co_return;
  }
  // Its connection or its tree has gone meanwhile: nobody has heard of it. What waits for its client waits in vain.
  const OpenRef parked = server.durables().unpark(open->id.persistent);
  if (parked) co_await close_open(server, parked);
}

// On the disk before the answer: the open, and what others cache under its lease now.
runtime::Task<void> store_if_persistent(Request& request, OpenRef open) {
  const bool stored = co_await persist_open(request.server, *open);
  if (!stored) co_await end_persistence(request, open);
  if (open->lease) co_await persist_states(request.server, open->key.file());
}

// From the file to the client's open. What was acquired is owned by the open table from here on.
Result<OpenRef> publish(Request& request, const CreateParameters& parameters, const CreatePlan& plan, Opened& opened,
                        CreateClaim& claim) {
  const Materialized& made = opened.made;
  ShareGrant& grant = opened.grant;
  OpenTable& opens = request.session->valid().opens;
  const std::optional<FileId> id = opens.reserve(request.server.new_persistent_file_id());
  if (!id) return fail(NtStatus::TOO_MANY_OPENED_FILES);
  auto open = std::make_shared<Open>(*id, request.tree, opened.authorization.granted);
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
  open->has_shared_data = !open->is_directory && open->stream.empty();
  open->lease = granted_lease(request, plan, grant);
  open->parent_lease = parent_lease_of(request, plan);
  make_durable(request, parameters, plan, opened, *open);
  opens.put(open);
  if (open->durable) enter_durable_table(request.server, *request.session, *open);
  claim.publish();
  request.server.sharing().opens().publish(grant.id(), {.loop = &runtime::Loop::current(),
                                                        .open = open,
                                                        .owner = share::OwnerId(request.session->id.value()),
                                                        .file_id = *id,
                                                        .file = open->key.file(),
                                                        .encrypted = request.encrypted});
  open->outside = grant.take_outside();
  grant.publish();
  request.announces = grant.id();
  request.server.stats.opens_now.fetch_add(1, std::memory_order_relaxed);
  return open;
}

// What is not there is made; and arbitrated like anything else, for somebody may have opened it meanwhile.
runtime::Task<Result<Opened>> make_new(Request& request, const CreateParameters& parameters, const CreatePlan& plan,
                                       const Authorization& authorization, const vfs::Resolved& target) {
  DOZO_CO_CHECK(check_new_lease(request, plan));
  auto made = co_await create_new(request, parameters, plan, authorization.granted, target);
  // Somebody else was quicker: with "open it if it exists" that is no collision.
  if (!made && made.error() == NtStatus::OBJECT_NAME_COLLISION && plan.may_open) co_return fail(NtStatus::RETRY);
  if (!made) co_return fail(made.error());
  entry_changed(request.server, request.tree->share->volume_id, made->where.parent, parent_lease_of(request, plan));

  Arbitration about{.key = key_of(*request.tree, made->info.id, parameters.name.stream),
                    .where = made->where,
                    .is_directory = made->info.type == vfs::NodeType::directory};
  while (true) {
    about.waited = false;
    auto grant = co_await arbitrate(request, parameters, plan, authorization.granted, about);
    if (!grant && about.waited && grant.error() == NtStatus::RETRY) continue;
    if (!grant) co_return fail(grant.error());
    co_return Opened{authorization, std::move(*made), std::move(*grant)};
  }
}

// One attempt: resolve to materialize. STATUS_RETRY: the name means something else by now, or may after `waited`.
runtime::Task<Result<Opened>> attempt(Request& request, const CreateParameters& parameters, const CreatePlan& plan,
                                      bool& waited) {
  vfs::Volume& volume = *request.tree->share->volume;
  auto target = co_await volume.resolve(request.tree->caller, parameters.name.path,
                                        {.follow_final_symlink = plan.follow_symlink});
  if (!target) co_return fail(target.error());
  DOZO_CO_CHECK(check_target(plan, parameters, *target));

  auto authorization = co_await authorize_create(request, parameters, plan, *target);
  if (!authorization) co_return fail(authorization.error());
  if (!target->exists()) co_return co_await make_new(request, parameters, plan, *authorization, *target);

  Arbitration about{.key = key_of(*request.tree, target->info.id, parameters.name.stream),
                    .where = *target,
                    .is_directory = target->info.type == vfs::NodeType::directory && parameters.name.stream.empty()};
  auto grant = co_await arbitrate(request, parameters, plan, authorization->granted, about);
  waited = about.waited;
  if (!grant) co_return fail(grant.error());

  auto made = co_await open_existing(request, parameters, plan, authorization->granted, *target);
  if (!made) co_return fail(made.error());
  if (grant->watches_outside() && made->action == CreateAction::opened) {
    // What was looked up before the watch began may have changed unseen.
    auto info = co_await made->file->info();
    if (!info) co_return fail(info.error());
    made->info = *info;
  }
  if (made->action != CreateAction::opened) {
    // [MS-FSA] 2.1.5.1.2.1: others have got in, maybe, between the grant and the overwriting.
    break_after(request.server, {grant->id(), about.key, granted_lease(request, plan, *grant)});
    entry_changed(request.server, request.tree->share->volume_id, target->parent, parent_lease_of(request, plan));
  }
  co_return Opened{*authorization, std::move(*made), std::move(*grant)};
}

// A rename that is over by now has told those who had the file open under its name. This one, which has it since before
// that and is not published yet, would never hear of it. What was made is not made once more.
bool was_renamed(const Server& server, const Opened& opened) {
  if (opened.made.action != CreateAction::opened) return false;
  const auto info = server.engine().find_open(opened.grant.id());
  return info && info->path != engine_path(opened.made.where.path);
}

}  // namespace

runtime::Task<Result<Reply>> handle_create(Request& request) {
  // [MS-SMB2] 3.3.5.2.7.2: what follows in a compound means this open, or fails as this does.
  request.chain.file_id.reset();
  request.chain.file_id_status = NtStatus::INVALID_HANDLE;
  DOZO_CO_TRY(const CreateParameters parameters, parse_create(request));
  if (request.tree->share->is_ipc()) co_return create_pipe(request, parameters);
  // [MS-SMB2] 3.3.5.9: in the session's security context as it is now.
  DOZO_CO_CHECK(check_not_anonymous(request));
  if (parameters.contexts.durable.reconnects()) co_return co_await reconnect_create(request, parameters);
  DOZO_CO_TRY(const CreatePlan plan, plan_create(request, parameters));
  DOZO_CO_TRY(ReplayVerdict replay, check_replay(request, parameters, plan));
  if (replay.open) {
    co_return co_await answer_known(request, parameters, plan, replay.open, KnownBy::replay);
  }
  auto instance = co_await take_app_instance(request, parameters);
  if (!instance) co_return fail(instance.error());

  Settling settling;
  LocalLeaseWait local_lease;
  while (true) {
    bool waited = false;
    auto opened = co_await attempt(request, parameters, plan, waited);
    if (!opened && opened.error() == NtStatus::RETRY) {
      // What waited for somebody's acknowledgement was held up by others, each for a limited time.
      if (waited || settling.may_try_again()) continue;
      co_return fail(settled(opened.error()));
    }
    if (!opened && opened.error() == NtStatus::CANNOT_BREAK_OPLOCK) {
      auto given_up = co_await local_lease.wait(request);
      if (!given_up) co_return fail(given_up.error());
      continue;
    }
    if (!opened) co_return fail(opened.error());
    auto done = co_await apply_contexts(request, parameters, opened->authorization, opened->made);
    if (!done) co_return fail(done.error());
    if (request.session->has_ended() || request.tree->disconnected) co_return fail(NtStatus::NETWORK_NAME_DELETED);
    if (was_renamed(request.server, *opened) && settling.may_try_again()) continue;

    DOZO_CO_TRY(const OpenRef open, publish(request, parameters, plan, *opened, replay.claim));
    co_await store_if_persistent(request, open);
    request.chain.file_id = open->id;
    co_return answer_create({.parameters = parameters,
                             .plan = plan,
                             .open = *open,
                             .made = opened->made,
                             .caching = opened->grant.caching(),
                             .maximal = opened->authorization.maximal});
  }
}

}  // namespace dozo::server
