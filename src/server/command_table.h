// The table of commands: what each one needs before its handler runs. A newcomer's first page.
#pragma once

#include <span>
#include <string_view>

#include "base/result.h"
#include "runtime/task.h"
#include "server/reply.h"
#include "wire/header.h"

namespace dozo::server {

class Request;

using Handler = runtime::Task<Result<Reply>> (*)(Request& request);

// The gates, in the order dispatch applies them.
enum class Needs : std::uint8_t {
  nothing,  // NEGOTIATE, SESSION_SETUP, ECHO, CANCEL
  session,  // a valid session
  tree,     // and a tree connect
};

// Where its handler runs when the session's home is another loop than the connection's.
enum class Runs : std::uint8_t {
  here,       // on the connection's: no session's control state is touched (or the handler goes there itself)
  at_home,    // on the session's home loop
  with_data,  // on the connection's for a file's data, at home otherwise
};

struct CommandRow {
  wire::Command command;
  std::string_view name;
  Needs needs;
  Runs runs;
  std::uint16_t structure_size;  // of the request's body; [MS-SMB2] 3.3.5.2: a mismatch is INVALID_PARAMETER
  Handler handler;
  std::uint16_t other_structure_size = 0;  // of a second form; 0: there is none
};

// By opcode, 0 to 18, without gaps.
std::span<const CommandRow> command_table();
// nullptr beyond the last, and for CANCEL, which has no handler.
const CommandRow* find_command(wire::Command command);

}  // namespace dozo::server
