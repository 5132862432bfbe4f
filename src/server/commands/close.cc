// CLOSE. [MS-SMB2] 3.3.5.10.
#include "wire/close.h"

#include "server/checks.h"
#include "server/commands/close_open.h"
#include "server/commands/commands.h"
#include "server/connection.h"
#include "server/server.h"

namespace dozo::server {
namespace {

void fill_attributes(const vfs::NodeInfo& info, wire::CloseResponse& out) {
  out.flags = wire::CloseFlag::postquery_attrib;
  out.creation_time = info.creation_time;
  out.last_access_time = info.last_access_time;
  out.last_write_time = info.last_write_time;
  out.change_time = info.change_time;
  out.allocation_size = info.allocation_size;
  out.end_of_file = info.size;
  out.file_attributes = or_normal(info.attributes);
}

}  // namespace

runtime::Task<Result<Reply>> handle_close(Request& request) {
  DOZO_CO_TRY(const auto in, request.decode<wire::CloseRequest>());
  DOZO_CO_TRY(const OpenRef open, find_open(request, in.file_id));

  if (open->options.has(CreateOption::delete_on_close) && !open->is_pipe()) {
    co_await break_for_deletion(request, open);
    if (open->closed) co_return fail(NtStatus::FILE_CLOSED);
  }
  const bool wants_attributes = in.flags.has(wire::CloseFlag::postquery_attrib) && !open->is_pipe();
  co_await close_open_of(request.server, request.session, open);

  wire::CloseResponse out;
  if (wants_attributes) {
    auto info = co_await open->file->info();
    if (info) fill_attributes(*info, out);
  }
  co_return Reply::of(out);
}

}  // namespace dozo::server
