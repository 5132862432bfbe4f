#include "server/caches.h"

#include "server/connection.h"
#include "server/server.h"
#include "server/tickets.h"

namespace dozo::server {

bool others_cache(const Open& open, const Server& server) { return server.engine().others_cache(open.share_id); }

runtime::Task<Result<>> break_caches(Request& request, const Open& open, share::CacheUse use) {
  WaitingTicket ticket(request);
  const share::Effects effects = request.server.apply(share::BreakCaches{open.share_id, ticket.id, use});
  if (!effects.parked()) co_return effects.result();
  const NtStatus status = co_await ticket.wait(open.share_id, false);
  if (status != NtStatus::SUCCESS) co_return fail(status);
  if (open.closed) co_return fail(NtStatus::FILE_CLOSED);
  co_return Result<>();
}

void break_after(Server& server, const share::EndCaches& changed) {
  if (server.engine().caches_end(changed)) static_cast<void>(server.apply(changed));
}
void break_after(Server& server, const Open& open) { break_after(server, {open.share_id, open.key, open.lease}); }

namespace {

// A request for which handles have to be given up.
struct HandleBreak {
  HandleBreak(Request& request, share::OpenId its_id) : id(its_id), ticket(request) {}
  share::OpenId id;
  WaitingTicket ticket;
};

}  // namespace

runtime::Task<Result<bool>> break_handles(Request& request, std::vector<share::FileIdentity> files,
                                          std::optional<share::LeaseId> by) {
  Server& server = request.server;
  std::vector<std::unique_ptr<HandleBreak>> waited_for;
  for (const share::FileIdentity& file : files) {
    const share::OpenId id = server.engine().new_open_id({file.volume, file.device, file.inode, {}});
    auto breaking = std::make_unique<HandleBreak>(request, id);
    const share::OwnerId owner(request.session->id.value());
    const share::Effects effects = server.apply(share::BreakForReplace{id, breaking->ticket.id, owner, file, by});
    if (effects.parked()) {
      waited_for.push_back(std::move(breaking));
    } else if (auto done = effects.result(); !done) {
      co_return fail(done.error());
    }
  }
  for (const auto& breaking : waited_for) {
    const NtStatus status = co_await breaking->ticket.wait(breaking->id, false);
    if (status != NtStatus::SUCCESS) co_return fail(status);
  }
  co_return !waited_for.empty();
}

void entry_changed(Server& server, const Open& open) {
  entry_changed(server, open.key.volume, open.location.parent, open.parent_lease);
}

void entry_changed(Server& server, std::uint64_t volume, const vfs::NodeRef& directory,
                   const std::optional<share::LeaseId>& by) {
  if (!directory || server.sharing().opens().lease_count() == 0) return;
  const vfs::NodeId node = directory->id();
  static_cast<void>(server.apply(share::DirectoryChange{{volume, node.device, node.inode}, by}));
}

}  // namespace dozo::server
