// dozo config check, show and import-smb-conf.
#include <fmt/format.h>

#include <cstring>
#include <fstream>
#include <ostream>
#include <sstream>

#include "cli/commands.h"
#include "cli/configuration.h"
#include "cli/import_smb_conf.h"
#include "cli/json_text.h"

namespace dozo::cli {
namespace {

std::optional<server::LoadedConfig> load_named(const Arguments& arguments, Io& io) {
  const auto loaded = server::load_config(arguments.value("FILE").value_or(std::string(server::kDefaultConfigFile)));
  if (loaded) return *loaded;
  print_problems(loaded.error(), io);
  return std::nullopt;
}

// The lines of show_config as JSON: what stands there is KEY = VALUE # ORIGIN, and TOML's values are JSON's.
std::string shown_as_json(const std::string& shown) {
  std::istringstream lines(shown);
  std::string out, section, line, separator;
  int share = -1;
  while (std::getline(lines, line)) {
    if (line.starts_with('[')) {
      section = line.substr(line.rfind('[') + 1, line.find(']') - line.rfind('[') - 1);
      if (section == "share") section = fmt::format("share.{}", ++share);
    } else if (const std::size_t equals = line.find(" = "), origin = line.rfind(" # "); equals != line.npos) {
      std::string value = line.substr(equals + 3, origin - equals - 3);
      value.erase(value.find_last_not_of(' ') + 1);
      out +=
          fmt::format("{}{{\"setting\":{},\"value\":{},\"origin\":{}}}", std::exchange(separator, ","),
                      json_quoted(section + "." + line.substr(0, equals)), value, json_quoted(line.substr(origin + 3)));
    }
  }
  return fmt::format("{{\"settings\":[{}]}}\n", out);
}

}  // namespace

Exit run_config_check(const Arguments& arguments, Io& io) {
  const auto loaded = load_named(arguments, io);
  if (!loaded) return Exit::failed;
  io.out << fmt::format("{}: fine, {} share{}\n",
                        arguments.value("FILE").value_or(std::string(server::kDefaultConfigFile)),
                        loaded->config.shares.size(), loaded->config.shares.size() == 1 ? "" : "s");
  for (const std::string& warning : server::config_warnings(loaded->config)) io.out << "warning: " << warning << '\n';
  return Exit::done;
}

Exit run_config_show(const Arguments& arguments, Io& io) {
  const auto loaded = load_named(arguments, io);
  if (!loaded) return Exit::failed;
  const std::string shown = server::show_config(*loaded);
  io.out << (arguments.flag("--json") ? shown_as_json(shown) : shown);
  return Exit::done;
}

Exit run_config_import_smb_conf(const Arguments& arguments, Io& io) {
  const std::string& path = arguments.required("FILE");
  std::ifstream file(path, std::ios::binary);
  std::stringstream text;
  if (file) text << file.rdbuf();
  if (!file) return failed(io, fmt::format("{}: cannot be read: {}", path, std::strerror(errno)));

  const ImportedSmbConf imported = import_smb_conf(text.str(), path);
  io.out << imported.toml;
  for (const std::string& note : imported.notes) io.err << note << '\n';
  return imported.notes.empty() ? Exit::done : Exit::failed;
}

}  // namespace dozo::cli
