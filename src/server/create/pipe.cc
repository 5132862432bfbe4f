// CREATE on IPC$. [MS-SMB2] 3.3.5.9.
#include "rpc/services.h"
#include "server/checks.h"
#include "server/connection.h"
#include "server/create/create.h"
#include "server/server.h"

namespace dozo::server {
namespace {

constexpr std::uint64_t kPipeAllocation = 4096;  // what Windows says of a pipe

}  // namespace

Result<Reply> create_pipe(Request& request, const CreateParameters& parameters) {
  const std::string& name = parameters.name.path.front();
  if (name.empty()) return fail(NtStatus::OBJECT_NAME_INVALID);
  const rpc::PipeInfo* info = rpc::find_pipe(name);
  if (info == nullptr) return fail(NtStatus::OBJECT_NAME_NOT_FOUND);
  if (info->openers != rpc::For::everybody) DOZO_CHECK(check_not_anonymous(request));
  if (parameters.request.create_options.has(CreateOption::directory_file)) return fail(NtStatus::NOT_A_DIRECTORY);
  OpenTable& opens = request.session->valid().opens;
  const std::optional<FileId> id = opens.reserve(request.server.new_persistent_file_id());
  if (!id) return fail(NtStatus::TOO_MANY_OPENED_FILES);
  auto open = std::make_shared<Open>(*id, request.tree, AccessGrantor::everything());
  open->pipe = std::make_unique<PipeEnd>(*info);
  opens.put(open);
  request.server.stats.opens_now.fetch_add(1, std::memory_order_relaxed);
  request.chain.file_id = open->id;

  wire::CreateResponse out;
  out.create_action = CreateAction::opened;
  out.allocation_size = kPipeAllocation;
  out.file_attributes = FileAttribute::normal;
  out.file_id = open->id;
  return Reply::of(out);
}

}  // namespace dozo::server
