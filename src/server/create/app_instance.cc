// An application that has failed over to another client takes its open's place. [MS-SMB2] 3.3.5.9.13.
#include "base/unicode.h"
#include "server/commands/close_open.h"
#include "server/connection.h"
#include "server/create/contexts.h"
#include "server/server.h"

namespace dozo::server {
namespace {

// [MS-SMB2] 3.3.5.9.13: only a later version takes the place of one that has a version.
Result<> check_version(const DurableRecord& found, const DurableContexts& asked) {
  if (!found.handle.app_version) return {};
  if (!asked.app_version || *found.handle.app_version >= *asked.app_version) {
    return fail(NtStatus::FILE_FORCED_CLOSED);
  }
  return {};
}

// Where it lives.
runtime::Task<void> close_live(Request& request, DurableRecord record) {
  const std::shared_ptr<Session> session = request.server.sessions().find(record.session);
  if (!session || !session->is_valid()) co_return;
  runtime::Loop& here = runtime::Loop::current();
  co_await runtime::resume_on(session->home());
  const OpenRef open = session->valid().opens.remove(record.id);
  if (open) co_await close_open(request.server, open);
  co_await runtime::resume_on(here);
}

}  // namespace

runtime::Task<Result<>> take_app_instance(Request& request, const CreateParameters& parameters) {
  const DurableContexts& asked = parameters.contexts.durable;
  if (!asked.app_instance) co_return Result<>();
  Server& server = request.server;
  const auto found = server.durables().find_app_instance(
      *asked.app_instance, request.connection.negotiated->client_guid, fold_name(request.tree->share->config.name),
      durable_path(parameters.name.path, parameters.name.stream));
  if (!found) co_return Result<>();
  DOZO_CO_CHECK(check_version(*found, asked));
  // [MS-SMB2] 3.3.5.9.13: who may not even read the file closes nobody's open of it.
  auto readable = co_await may_read(request, parameters.name.path);
  if (!readable) co_return Result<>();

  if (found->session.value() != 0) {
    co_await close_live(request, *found);
    co_return Result<>();
  }
  const OpenRef parked = server.durables().unpark(found->id.persistent);
  if (parked) co_await close_open(server, parked);
  co_return Result<>();
}

}  // namespace dozo::server
