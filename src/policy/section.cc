#include "policy/section.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/nearest.h"

namespace dozo::policy {

using Kind = TomlValue::Kind;

std::string did_you_mean(std::string_view word, const std::vector<std::string_view>& candidates) {
  const std::string near = nearest(word, candidates);
  return near.empty() ? std::string() : fmt::format("; did you mean \"{}\"?", near);
}

Section::Section(const TomlValue& table, std::string name, std::span<const std::string_view> keys, Report& report)
    : table_(table), name_(std::move(name)), line_(table.line), report_(report) {
  if (table.kind != Kind::table) report.error(line_, fmt::format("{} is a table, with keys in it", name_));
  for (const TomlEntry& entry : table.entries) {
    if (std::ranges::find(keys, entry.key) != keys.end()) continue;
    report.error(entry.line, fmt::format("unknown key \"{}\" in {}{}", entry.key, name_,
                                         did_you_mean(entry.key, {keys.begin(), keys.end()})));
  }
}

const TomlValue* Section::find(std::string_view key) const {
  const auto entry = std::ranges::find(table_.entries, key, &TomlEntry::key);
  return entry == table_.entries.end() ? nullptr : &entry->value;
}

const TomlValue* Section::find(std::string_view key, Kind kind, std::string_view kind_name) const {
  const TomlValue* value = find(key);
  if (value == nullptr || value->kind == kind) return value;
  report_.error(value->line, fmt::format("{} in {} must be {}", key, name_, kind_name));
  return nullptr;
}

std::uint32_t Section::line_of(std::string_view key) const {
  const TomlValue* value = find(key);
  return value == nullptr ? line_ : value->line;
}

std::optional<Word> Section::text(std::string_view key) const {
  const TomlValue* value = find(key, Kind::text, "a string");
  if (value == nullptr) return std::nullopt;
  return Word{value->text, value->line};
}

std::optional<bool> Section::flag(std::string_view key) const {
  const TomlValue* value = find(key, Kind::flag, "true or false");
  if (value == nullptr) return std::nullopt;
  return value->flag;
}

std::optional<std::int64_t> Section::time(std::string_view key) const {
  const TomlValue* value = find(key, Kind::time, "a date (2026-12-31) or a date with a time");
  if (value == nullptr) return std::nullopt;
  return value->number;
}

std::vector<Word> Section::words(std::string_view key) const {
  const TomlValue* value = find(key, Kind::list, "a list of strings");
  if (value == nullptr) return {};
  if (value->items.empty()) report_.error(value->line, fmt::format("{} in {} is an empty list", key, name_));
  std::vector<Word> words;
  for (const TomlValue& item : value->items) {
    if (item.kind == Kind::text) {
      words.push_back({item.text, item.line});
    } else {
      report_.error(item.line, fmt::format("{} in {} must be a list of strings", key, name_));
    }
  }
  return words;
}

void Section::must_be(std::string_view key, const Word& found, std::string_view values) const {
  report_.error(found.line, fmt::format("{} in {} must be {}, not \"{}\"", key, name_, values, found.text));
}

}  // namespace dozo::policy
