#include <fmt/format.h>

#include "server/config_table.h"

namespace dozo::server {
namespace {

template <class Owner>
void append_rows(std::string& out, std::span<const Setting<Owner>> rows, const Owner& owner, std::string_view section,
                 const std::string& prefix, const LoadedConfig& loaded) {
  for (const auto& row : rows) {
    if (row.section != section) continue;
    const auto origin = loaded.origins.find(prefix + std::string(row.key));
    const std::string line = fmt::format("{} = {}", row.key, row.show(owner));
    out += fmt::format("{:<48} # {}\n", line, origin == loaded.origins.end() ? "default" : origin->second);
  }
}

}  // namespace

std::string show_config(const LoadedConfig& loaded) {
  std::string out;
  for (const std::string_view section : {"server", "auth", "limits", "log"}) {
    if (!out.empty()) out += '\n';
    out += fmt::format("[{}]\n", section);
    append_rows(out, server_settings(), loaded.config, section, fmt::format("{}.", section), loaded);
  }
  for (const ShareConfig& share : loaded.config.shares) {
    out += "\n[[share]]\n";
    append_rows(out, share_settings(), share, "share", fmt::format("share.{}.", share.name), loaded);
  }
  return out;
}

std::string_view kind_of(const ConfigValue& value) {
  constexpr std::string_view kKinds[] = {"a number", "true or false", "a string", "a list"};
  return kKinds[value.value.index()];
}

std::string toml_quoted(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (byte < 0x20 || byte == 0x7f) {
      out += fmt::format("\\u{:04X}", byte);
    } else {
      out += c;
    }
  }
  return out + '"';
}

}  // namespace dozo::server
