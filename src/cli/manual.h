// Man pages, from the table of commands and the table of settings.
#pragma once

#include <string>
#include <vector>

#include "cli/command.h"

namespace dozo::cli {

struct ManualPage {
  std::string file_name;  // "dozo-user-add.1"
  std::string text;       // man(7)
};

// dozo(1), one page for each command that is not hidden, and dozo.toml(5).
std::vector<ManualPage> manual_pages();

// "dozo user add [--config FILE] … NAME"
std::string synopsis(const CommandSpec& command);

}  // namespace dozo::cli
