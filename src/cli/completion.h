// Shell completions, from the table of commands.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace dozo::cli {

// `shell`: "bash", "zsh" or "fish"; nothing for others.
std::optional<std::string> completion(std::string_view shell);

}  // namespace dozo::cli
