#include "server/config.h"

#define TOML_EXCEPTIONS 0
#define TOML_ENABLE_UNRELEASED_FEATURES 0
#include <fmt/format.h>
#include <toml++/toml.h>

#include <algorithm>
#include <cstring>
#include <fstream>
#include <sstream>

#include "server/config_table.h"

namespace dozo::server {
namespace {

// One file on its way into a LoadedConfig.
class Reader {
 public:
  explicit Reader(std::string_view file) : file_(file) {}

  ConfigResult read(const toml::table& root) {
    for (const auto& [key, node] : root) read_section(key, node);
    if (problems_.empty()) problems_ = check_config(loaded_);
    std::ranges::sort(problems_, {}, [](const ConfigProblem& p) { return std::tuple(p.line, p.column, p.message); });
    if (!problems_.empty()) return std::unexpected(std::move(problems_));
    return std::move(loaded_);
  }

 private:
  void problem(const toml::source_region& where, std::string message) {
    problems_.push_back({file_, where.begin.line, where.begin.column, std::move(message)});
  }

  void read_section(const toml::key& key, const toml::node& node) {
    const std::string_view name = key.str();
    if (name == "share") return read_shares(key, node);
    const auto rows = server_settings();
    if (std::ranges::none_of(rows, [&](const auto& row) { return row.section == name; })) {
      return problem(key.source(), fmt::format("unknown section {}{}", toml_quoted(name), hint(nearest_section(name))));
    }
    const toml::table* table = node.as_table();
    if (!table) return problem(key.source(), fmt::format("\"{0}\" is a section; write [{0}]", name));
    for (const auto& [inner, value] : *table) {
      read_setting(rows, loaded_.config, {name, fmt::format("{}.", name)}, inner, value);
    }
  }

  void read_shares(const toml::key& key, const toml::node& node) {
    const toml::array* array = node.as_array();
    if (!array || !array->is_homogeneous(toml::node_type::table)) {
      return problem(key.source(), "a share is written as [[share]], with two brackets");
    }
    for (const toml::node& element : *array) read_share(*element.as_table());
  }

  void read_share(const toml::table& table) {
    ShareConfig share;
    // The name first: it is part of what the other settings are called.
    const std::string name = table["name"].value_or(std::string());
    if (!table.contains("name")) problem(table.source(), "a share needs a name: name = \"projects\"");
    if (!table.contains("path")) problem(table.source(), "a share needs a path: path = \"/srv/projects\"");
    for (const auto& [key, value] : table) {
      read_setting(share_settings(), share, {"share", fmt::format("share.{}.", name)}, key, value);
    }
    loaded_.config.shares.push_back(std::move(share));
  }

  struct Place {
    std::string_view section;
    std::string prefix;  // of the setting's full name
  };
  template <class Owner>
  void read_setting(std::span<const Setting<Owner>> rows, Owner& owner, const Place& place, const toml::key& key,
                    const toml::node& node) {
    const auto row =
        std::ranges::find_if(rows, [&](const auto& r) { return r.section == place.section && r.key == key.str(); });
    if (row == rows.end()) {
      const std::string near = nearest_setting(place.section, key.str());
      return problem(key.source(),
                     fmt::format("unknown key {} in [{}]{}", toml_quoted(key.str()), place.section, hint(near)));
    }
    const auto value = to_value(node);
    if (!value) return problem(node.source(), fmt::format("{} has a value of the wrong kind", row->key));
    if (const auto wrong = row->store(*row, owner, *value)) {
      return problem(node.source(), fmt::format("{} {}", row->key, *wrong));
    }
    loaded_.origins[place.prefix + std::string(row->key)] = fmt::format("{}:{}", file_, node.source().begin.line);
  }

  static std::optional<ConfigValue> to_value(const toml::node& node) {
    if (const auto* v = node.as_boolean()) return ConfigValue{v->get()};
    if (const auto* v = node.as_integer()) return ConfigValue{v->get()};
    if (const auto* v = node.as_string()) return ConfigValue{v->get()};
    const toml::array* array = node.as_array();
    if (!array) return std::nullopt;
    ConfigValue::List list;
    for (const toml::node& element : *array) {
      const auto* text = element.as_string();
      if (!text) return std::nullopt;
      list.push_back(text->get());
    }
    return ConfigValue{std::move(list)};
  }

  static std::string hint(const std::string& near) {
    return near.empty() ? std::string() : fmt::format("; did you mean {}?", toml_quoted(near));
  }

  std::string file_;
  LoadedConfig loaded_;
  ConfigProblems problems_;
};

}  // namespace

ConfigResult parse_config(std::string_view text, std::string_view file_name) {
  const toml::parse_result parsed = toml::parse(text, file_name);
  if (!parsed) {
    const toml::parse_error& error = parsed.error();
    const toml::source_position at = error.source().begin;
    return std::unexpected(
        ConfigProblems{{std::string(file_name), at.line, at.column, std::string(error.description())}});
  }
  return Reader(file_name).read(parsed.table());
}

ConfigResult load_config(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::stringstream text;
  if (file) text << file.rdbuf();
  if (!file) {
    return std::unexpected(ConfigProblems{{path, 0, 0, fmt::format("cannot be read: {}", std::strerror(errno))}});
  }
  return parse_config(text.str(), path);
}

}  // namespace dozo::server
