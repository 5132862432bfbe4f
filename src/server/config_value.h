// A value as it stands in a configuration file, apart from the library that parsed it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace dozo::server {

struct ConfigValue {
  using List = std::vector<std::string>;
  std::variant<std::int64_t, bool, std::string, List> value;
};

// "a string", "a number", …: how a message names what was found.
std::string_view kind_of(const ConfigValue& value);

// TOML's basic string, quoted and escaped.
std::string toml_quoted(std::string_view text);

}  // namespace dozo::server
