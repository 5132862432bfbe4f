// CREATE that is sent again. [MS-SMB2] 3.3.5.9, 3.3.5.9.10.
#include "base/unicode.h"
#include "server/connection.h"
#include "server/create/contexts.h"
#include "server/server.h"

namespace dozo::server {
namespace {

bool is_replay(const Request& request) { return request.header.flags.has(wire::HeaderFlag::replay_operation); }

bool is_of_this_user(const Request& request, const DurableRecord& record) {
  return record.handle.owner == request.session->valid().token->user;
}

// [MS-SMB2] 3.3.5.9: an open that may be answered with once more.
Result<OpenRef> answer_again(const Request& request, const CreateParameters& parameters, const CreatePlan& plan,
                             const DurableRecord& record) {
  if (!is_replay(request)) return fail(NtStatus::DUPLICATE_OBJECTID);
  if (!is_of_this_user(request, record)) return fail(NtStatus::ACCESS_DENIED);
  // What had a lease has to ask for the same, and what had an oplock for none (smbtorture replay-dhv2-oplock-lease).
  const auto& lease = record.handle.lease;
  if (lease.has_value() != plan.lease.has_value()) return fail(NtStatus::ACCESS_DENIED);
  if (lease && plan.lease->key != lease->key) return fail(NtStatus::ACCESS_DENIED);
  if (record.session != request.session->id) return fail(NtStatus::DUPLICATE_OBJECTID);
  const wire::DurableHandleRequestV2& asked = *parameters.contexts.durable.request_v2;
  if (record.handle.is_persistent && !asked.flags.has(wire::DurableFlag::persistent)) {
    return fail(NtStatus::INVALID_PARAMETER);
  }
  OpenRef open = request.session->valid().opens.find(record.id);
  // It is being closed.
  if (!open || open->tree != request.tree) return fail(NtStatus::FILE_NOT_AVAILABLE);
  return open;
}

// [MS-SMB2] 3.3.5.9: a persistent open whose client never heard of it, and asks again over a new connection.
Result<OpenRef> answer_persistent(Request& request, const CreateParameters& parameters, const DurableRecord& record) {
  if (record.session.value() != 0) return fail(NtStatus::FILE_NOT_AVAILABLE);
  if (!is_of_this_user(request, record)) return fail(NtStatus::ACCESS_DENIED);
  const wire::CreateRequest& create = parameters.request;
  if (record.handle.create_options != create.create_options || record.handle.desired_access != create.desired_access ||
      record.handle.share_access != create.share_access) {
    return fail(NtStatus::CONTEXT_MISMATCH);
  }
  const auto any = [](const Open&) { return Result<>(); };
  DOZO_TRY(const OpenRef parked, request.server.durables().find_parked(record.id.persistent, any));
  return reclaim(request, parked);
}

}  // namespace

Result<ReplayVerdict> check_replay(Request& request, const CreateParameters& parameters, const CreatePlan& plan) {
  const auto& asked = parameters.contexts.durable.request_v2;
  if (!asked) return ReplayVerdict();
  DurableTable& table = request.server.durables();
  const bool persistent = asked->flags.has(wire::DurableFlag::persistent) && grants_persistent(request);
  if (persistent && is_replay(request)) {
    const auto record = table.find_persistent(asked->create_guid);
    if (record && (record->session.value() == 0 || !record->handle.replay_eligible)) {
      DOZO_TRY(OpenRef open, answer_persistent(request, parameters, *record));
      return ReplayVerdict{std::move(open), {}};
    }
  }
  const CreateKey key{request.connection.negotiated->client_guid, asked->create_guid};
  const DurableTable::Claim claim = table.claim(key);
  switch (claim.state) {
    case DurableTable::Claim::State::reserved:
      request.outlives_channel = true;
      return ReplayVerdict{nullptr, CreateClaim(table, key)};
    // The first one is still waiting, for somebody's oplock or lease: there is nothing to answer with yet.
    case DurableTable::Claim::State::pending:
      return fail(is_replay(request) ? NtStatus::FILE_NOT_AVAILABLE : NtStatus::DUPLICATE_OBJECTID);
    case DurableTable::Claim::State::open:
      break;
  }
  DOZO_TRY(OpenRef open, answer_again(request, parameters, plan, *claim.found));
  return ReplayVerdict{std::move(open), {}};
}

void enter_durable_table(Server& server, const Session& session, const Open& open) {
  if (!open.durable) return;
  server.durables().add({.id = open.id,
                         .session = session.id,
                         .share_id = open.share_id,
                         .file = open.key.file(),
                         .handle = *open.durable,
                         .share = fold_name(open.tree->share->config.name),
                         .path = durable_path(open.path, open.stream)});
}

}  // namespace dozo::server
