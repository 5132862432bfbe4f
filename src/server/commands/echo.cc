// ECHO and OPLOCK_BREAK. [MS-SMB2] 3.3.5.17, 3.3.5.22.
#include "wire/echo.h"

#include "server/checks.h"
#include "server/commands/commands.h"
#include "wire/oplock_break.h"

namespace dozo::server {

runtime::Task<Result<Reply>> handle_echo(Request& request) {
  DOZO_CO_CHECK(request.decode<wire::EchoRequest>());
  co_return Reply::of(wire::EchoResponse{});
}

// No oplock and no lease is ever granted yet, so that nothing can be acknowledged.
runtime::Task<Result<Reply>> handle_oplock_break(Request& request) {
  DOZO_CO_TRY(const auto in, request.decode<wire::OplockBreakAcknowledgment>());
  DOZO_CO_CHECK(find_open(request, in.file_id));
  // [MS-SMB2] 3.3.5.22.1: Open.OplockState is not Breaking.
  co_return fail(NtStatus::INVALID_DEVICE_STATE);
}

}  // namespace dozo::server
