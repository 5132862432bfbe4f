#include "server/command_table.h"

#include <array>

#include "server/commands/commands.h"

namespace dozo::server {
namespace {

using wire::Command;

// Structure sizes: [MS-SMB2] 2.2.3 to 2.2.39.
constexpr std::array<CommandRow, wire::kCommandCount> kCommands = {{
    {Command::negotiate, "NEGOTIATE", Needs::nothing, Runs::here, 36, &handle_negotiate},
    {Command::session_setup, "SESSION_SETUP", Needs::nothing, Runs::here, 25, &handle_session_setup},
    {Command::logoff, "LOGOFF", Needs::session, Runs::at_home, 4, &handle_logoff},
    {Command::tree_connect, "TREE_CONNECT", Needs::session, Runs::at_home, 9, &handle_tree_connect},
    {Command::tree_disconnect, "TREE_DISCONNECT", Needs::tree, Runs::at_home, 4, &handle_tree_disconnect},
    {Command::create, "CREATE", Needs::tree, Runs::at_home, 57, &handle_create},
    {Command::close, "CLOSE", Needs::tree, Runs::at_home, 24, &handle_close},
    {Command::flush, "FLUSH", Needs::tree, Runs::at_home, 24, &handle_flush},
    {Command::read, "READ", Needs::tree, Runs::with_data, 49, &handle_read},
    {Command::write, "WRITE", Needs::tree, Runs::with_data, 49, &handle_write},
    {Command::lock, "LOCK", Needs::tree, Runs::at_home, 48, &handle_lock},
    {Command::ioctl, "IOCTL", Needs::tree, Runs::at_home, 57, &handle_ioctl},
    {Command::cancel, "CANCEL", Needs::nothing, Runs::here, 4, nullptr},  // serve_frame knows it: it has no answer
    {Command::echo, "ECHO", Needs::nothing, Runs::here, 4, &handle_echo},
    {Command::query_directory, "QUERY_DIRECTORY", Needs::tree, Runs::at_home, 33, &handle_query_directory},
    {Command::change_notify, "CHANGE_NOTIFY", Needs::tree, Runs::at_home, 32, &handle_change_notify},
    {Command::query_info, "QUERY_INFO", Needs::tree, Runs::at_home, 41, &handle_query_info},
    {Command::set_info, "SET_INFO", Needs::tree, Runs::at_home, 33, &handle_set_info},
    {Command::oplock_break, "OPLOCK_BREAK", Needs::tree, Runs::at_home, 24, &handle_oplock_break, 36},  // a lease's
}};

constexpr bool in_opcode_order() {
  for (std::size_t i = 0; i < kCommands.size(); ++i) {
    if (static_cast<std::size_t>(kCommands[i].command) != i) return false;
  }
  return true;
}
static_assert(in_opcode_order());

}  // namespace

std::span<const CommandRow> command_table() { return kCommands; }

const CommandRow* find_command(wire::Command command) {
  const auto index = static_cast<std::size_t>(command);
  if (index >= kCommands.size() || kCommands[index].handler == nullptr) return nullptr;
  return &kCommands[index];
}

}  // namespace dozo::server
