#include "cli/status_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <vector>

#include "cli/json_text.h"

namespace dozo::cli {
namespace {

using Json = nlohmann::ordered_json;

std::string scalar(const Json& value) {
  if (value.is_string()) return on_one_line(value.get_ref<const std::string&>());
  if (value.is_boolean()) return value.get<bool>() ? "yes" : "no";
  if (value.is_null()) return "-";
  if (value.is_array()) {
    std::string list;
    for (const Json& item : value) list += (list.empty() ? "" : " ") + scalar(item);
    return list.empty() ? "-" : list;
  }
  return value.dump();
}

bool is_table(const Json& value) {
  return value.is_array() && !value.empty() && std::ranges::all_of(value, [](const Json& v) { return v.is_object(); });
}

std::vector<std::string> columns_of(const Json& rows) {
  std::vector<std::string> columns;
  for (const Json& row : rows) {
    for (const auto& [key, value] : row.items()) {
      if (std::ranges::find(columns, key) == columns.end()) columns.push_back(key);
    }
  }
  return columns;
}

std::string table(const Json& rows, const std::string& indent) {
  const std::vector<std::string> columns = columns_of(rows);
  std::vector<std::vector<std::string>> cells = {columns};
  for (const Json& row : rows) {
    auto& line = cells.emplace_back();
    for (const std::string& column : columns) line.push_back(row.contains(column) ? scalar(row[column]) : "-");
  }
  std::vector<std::size_t> widths(columns.size());
  for (const auto& line : cells) {
    for (std::size_t i = 0; i < line.size(); ++i) widths[i] = std::max(widths[i], line[i].size());
  }
  std::string out;
  for (const auto& line : cells) {
    std::string text = indent;
    for (std::size_t i = 0; i < line.size(); ++i) text += fmt::format("{:<{}}  ", line[i], widths[i]);
    text.erase(text.find_last_not_of(' ') + 1);
    out += text + "\n";
  }
  return out;
}

std::string block(const Json& object, const std::string& indent) {
  std::size_t width = 0;
  for (const auto& [key, value] : object.items()) width = std::max(width, key.size());
  std::string out;
  for (const auto& [key, value] : object.items()) {
    if (value.is_object()) {
      out += fmt::format("{}{}:\n{}", indent, key, block(value, indent + "  "));
    } else if (is_table(value)) {
      out += fmt::format("{}{}:\n{}", indent, key, table(value, indent + "  "));
    } else {
      out += fmt::format("{}{:<{}}  {}\n", indent, key, width, scalar(value));
    }
  }
  return out;
}

}  // namespace

std::string status_text(std::string_view text) {
  const Json parsed = Json::parse(text, nullptr, false);
  return parsed.is_object() ? block(parsed, "") : std::string(text) + "\n";
}

}  // namespace dozo::cli
