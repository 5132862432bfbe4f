// CREATE, phase arbitrate: the share engine's permission.
#include "base/unicode.h"
#include "server/connection.h"
#include "server/create/create.h"
#include "server/server.h"
#include "server/tickets.h"

namespace dozo::server {

ShareGrant::~ShareGrant() {
  if (server_ == nullptr) return;
  // What never was opened deletes nothing when it is given back; it may be the last that holds what others deleted.
  const share::Effects effects = server_->apply(share::CloseOpen{.open = id_, .keep_name = true});
  server_->sharing().forget(id_);
  for (const share::Effect& effect : effects) {
    const auto* purge = std::get_if<share::Purge>(&effect);
    if (purge == nullptr || purge->open != id_ || !name_) continue;
    if (purge->key.is_main_stream()) name_->stream.clear();
    server_->sharing().start(remove_deleted(*server_, std::move(*name_)));
    break;
  }
}

share::FileKey key_of(const Tree& tree, vfs::NodeId node, std::string_view stream) {
  return {.volume = tree.share->volume_id,
          .device = node.device,
          .inode = node.inode,
          .stream = stream.empty() ? std::u16string() : fold_name(stream)};
}

std::u16string engine_path(const vfs::Path& path) {
  std::u16string out;
  for (const std::string& component : path) {
    if (!out.empty()) out += u'\\';
    out += fold_name(component);
  }
  return out;
}

namespace {

// [MS-SMB2] 3.3.5.9.8, 3.3.5.9.11; [MS-FSA] 2.1.5.18: a directory has no oplocks, and leases of version 2 only, without
// W.
void ask_for_caching(const Request& request, const CreatePlan& plan, bool is_directory, share::OpenRequest& open) {
  const Negotiated& negotiated = *request.connection.negotiated;
  open.client_guid = negotiated.client_guid;
  if (!is_directory) {
    open.oplock = plan.oplock;
    open.lease = plan.lease;
    return;
  }
  const bool leasable = negotiated.server_capabilities.has(wire::Capability::directory_leasing);
  if (!leasable || !plan.lease || !plan.lease->v2) return;
  open.oplock = OplockLevel::lease;
  open.lease = plan.lease;
  open.lease->state = open.lease->state.without(LeaseBit::write);
}

share::OpenRequest request_of(const Request& request, const CreateParameters& parameters, const CreatePlan& plan,
                              GrantedAccess granted, const Arbitration& about) {
  share::OpenRequest open;
  open.open = request.server.engine().new_open_id(about.key);
  open.owner = share::OwnerId(request.session->id.value());
  open.key = about.key;
  open.path = engine_path(about.where.path);
  open.granted_access = granted.mask();
  open.overwrites = plan.overwrites;
  // [MS-FSA] 2.1.5.1.2.1: overwriting writes, whatever else the open is for.
  if (plan.overwrites) open.granted_access |= Access::write_data;
  open.share_access = parameters.request.share_access;
  open.delete_on_close = plan.delete_on_close;
  // [MS-SMB2] 3.3.5.9: FILE_COMPLETE_IF_OPLOCKED is set to zero.
  open.complete_if_oplocked = false;
  open.is_directory = about.is_directory;
  if (about.key.is_main_stream()) open.allocation_size = about.where.info.allocation_size;
  ask_for_caching(request, plan, about.is_directory, open);
  return open;
}

DeletedName name_of(const Request& request, const Arbitration& about) {
  return {.tree = request.tree,
          .location = {about.where.parent, about.where.name},
          .node_ref = about.where.node,
          .path = about.key.is_main_stream() ? vfs::Path() : about.where.path,
          .stream = utf16_to_utf8(about.key.stream),
          .parent_lease = std::nullopt};
}

// What was preserved and in the way has ended, and its file is deleted with it: until the name is gone, too. Whether
// there was anything to wait for. [MS-SMB2] 3.3.5.9: the name then means nothing, or something new.
runtime::Task<bool> wait_for_deletion(Request& request, const share::Effects& effects) {
  bool waited = false;
  for (const share::Effect& effect : effects) {
    const auto* purge = std::get_if<share::Purge>(&effect);
    if (purge == nullptr) continue;
    WaitingTicket ticket(request);
    waited = true;
    if (request.server.sharing().wait_for_end(purge->open, ticket.id)) co_await ticket.wait_quietly();
  }
  co_return waited;
}

}  // namespace

Result<> check_new_lease(const Request& request, const CreatePlan& plan) {
  if (!plan.lease) return {};
  const share::LeaseId lease{request.connection.negotiated->client_guid, plan.lease->key};
  return request.server.sharing().opens().has_lease(lease) ? Result<>(fail(NtStatus::INVALID_PARAMETER)) : Result<>();
}

runtime::Task<Result<ShareGrant>> arbitrate(Request& request, const CreateParameters& parameters,
                                            const CreatePlan& plan, GrantedAccess granted, Arbitration& about) {
  Server& server = request.server;
  ShareEffects& sharing = server.sharing();
  share::OpenRequest open = request_of(request, parameters, plan, granted, about);
  auto outside = watch_before_caching(server, *request.tree->share, about.where.node, open);
  WaitingTicket ticket(request);
  open.ticket = ticket.id;
  sharing.opens().expect(open.open, share::lease_of(open), open.delete_on_close);
  const share::Effects effects = server.apply(open);
  if (!effects.granted()) sharing.forget(open.open);
  if (effects.parked()) {
    const NtStatus status = co_await ticket.wait(open.open, false);
    about.waited = true;
    co_return fail(status == NtStatus::SUCCESS ? NtStatus::RETRY : status);
  }
  if (!effects.granted()) {
    about.waited = co_await wait_for_deletion(request, effects);
    co_return fail(about.waited ? NtStatus::RETRY : effects.result().error());
  }
  ShareGrant grant(server, open.open, std::get<share::Grant>(effects.answer()));
  grant.set_name(name_of(request, about));
  grant.set_outside(std::move(outside));
  co_return grant;
}

}  // namespace dozo::server
