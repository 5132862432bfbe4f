// From what was typed to a command and its arguments. The only place that knows the command-line library.
#pragma once

#include <string>
#include <variant>
#include <vector>

#include "cli/command.h"

namespace dozo::cli {

struct ParsedCommand {
  const CommandSpec* command;
  Arguments arguments;
};
struct HelpText {
  std::string text;
};
struct UsageError {
  std::string message;
};
using Parsed = std::variant<ParsedCommand, HelpText, UsageError>;

Parsed parse(const std::vector<std::string>& arguments);

// Of a command ("user add"), a group ("user") or, when empty, of dozo; nothing when there is no such command.
std::optional<std::string> help_text(std::string_view name);

// Parses and runs. What main() returns.
Exit run(const std::vector<std::string>& arguments, Io& io);

}  // namespace dozo::cli
