// The table of settings: one row each. Everything that is said about settings (parsing, `config show`, the man page,
// "unknown key, did you mean") comes from these rows; the defaults are the initialisers in config.h.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "server/config.h"
#include "server/config_value.h"

namespace dozo::server {

// Owner is what the section is read into: Config for the single sections, ShareConfig for each [[share]].
template <class Owner>
struct Setting {
  std::string_view section;
  std::string_view key;
  std::string_view hint;  // allowed values, where the member's type does not say them
  std::uint32_t least;    // bounds, for numbers
  std::uint32_t most;
  std::string_view help;

  // Stores the value; otherwise says what was expected ("must be …").
  std::optional<std::string> (*store)(const Setting&, Owner&, const ConfigValue&);
  std::string (*show)(const Owner&);      // as TOML
  std::string (*values)(const Setting&);  // "required | if-asked", "0 to 10000"
};

std::span<const Setting<Config>> server_settings();
std::span<const Setting<ShareConfig>> share_settings();

// The key of `section` that a misspelt one most likely meant, or a key of that exact name in another section as
// "section.key"; empty when nothing is near.
std::string nearest_setting(std::string_view section, std::string_view key);
std::string nearest_section(std::string_view section);

}  // namespace dozo::server
