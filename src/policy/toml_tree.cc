#include "policy/toml_tree.h"

#define TOML_EXCEPTIONS 0
#define TOML_ENABLE_UNRELEASED_FEATURES 0
#include <toml++/toml.h>

#include <algorithm>
#include <chrono>

namespace dozo::policy {
namespace {

using Kind = TomlValue::Kind;

std::int64_t day_of(const toml::date& date) {
  const std::chrono::year_month_day day{std::chrono::year(date.year), std::chrono::month(date.month),
                                        std::chrono::day(date.day)};
  return std::chrono::sys_days(day).time_since_epoch().count();
}

constexpr std::int64_t kDaySeconds = 86400;

std::int64_t seconds_of(const toml::date_time& when) {
  const std::int64_t offset = when.offset ? when.offset->minutes * 60 : 0;  // a local time is taken for UTC
  return day_of(when.date) * kDaySeconds + when.time.hour * 3600 + when.time.minute * 60 + when.time.second - offset;
}

TomlValue converted(const toml::node& node);

std::vector<TomlEntry> entries_of(const toml::table& table) {
  std::vector<TomlEntry> entries;
  for (const auto& [key, value] : table) {
    entries.push_back({std::string(key.str()), key.source().begin.line, converted(value)});
  }
  std::ranges::sort(entries, {}, [](const TomlEntry& e) { return std::tie(e.line, e.key); });
  return entries;
}

TomlValue converted(const toml::node& node) {
  TomlValue value{.line = node.source().begin.line};
  if (const auto* flag = node.as_boolean()) {
    value.kind = Kind::flag;
    value.flag = flag->get();
  } else if (const auto* number = node.as_integer()) {
    value.kind = Kind::number;
    value.number = number->get();
  } else if (const auto* text = node.as_string()) {
    value.kind = Kind::text;
    value.text = text->get();
  } else if (const auto* date = node.as_date()) {
    value.kind = Kind::time;
    value.number = (day_of(date->get()) + 1) * kDaySeconds;
  } else if (const auto* when = node.as_date_time()) {
    value.kind = Kind::time;
    value.number = seconds_of(when->get());
  } else if (const auto* list = node.as_array()) {
    value.kind = Kind::list;
    for (const toml::node& item : *list) value.items.push_back(converted(item));
  } else if (const auto* table = node.as_table()) {
    value.kind = Kind::table;
    value.entries = entries_of(*table);
  }
  return value;
}

}  // namespace

std::expected<TomlValue, Problem> parse_toml(std::string_view text, std::string_view file) {
  const toml::parse_result parsed = toml::parse(text, file);
  if (parsed) return converted(parsed.table());
  const toml::parse_error& error = parsed.error();
  return std::unexpected(Problem{
      .file = std::string(file), .line = error.source().begin.line, .message = std::string(error.description())});
}

}  // namespace dozo::policy
