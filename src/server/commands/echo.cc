// ECHO. [MS-SMB2] 3.3.5.17.
#include "wire/echo.h"

#include "server/commands/commands.h"

namespace dozo::server {

runtime::Task<Result<Reply>> handle_echo(Request& request) {
  DOZO_CO_CHECK(request.decode<wire::EchoRequest>());
  co_return Reply::of(wire::EchoResponse{});
}

}  // namespace dozo::server
