// A TOML document as plain values with their lines, in the order of the file; apart from the library that parsed it.
#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <string_view>
#include <vector>

#include "policy/problem.h"

namespace dozo::policy {

struct TomlEntry;

struct TomlValue {
  enum class Kind : std::uint8_t { flag, number, text, time, list, table, other };
  Kind kind = Kind::other;
  std::uint32_t line = 0;
  bool flag = false;
  std::int64_t number = 0;  // of a time: seconds since 1970, the end of the day when it is a date alone
  std::string text;
  std::vector<TomlValue> items;    // of a list
  std::vector<TomlEntry> entries;  // of a table
};

struct TomlEntry {
  std::string key;
  std::uint32_t line = 0;
  TomlValue value;
};

std::expected<TomlValue, Problem> parse_toml(std::string_view text, std::string_view file);

}  // namespace dozo::policy
