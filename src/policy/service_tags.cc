#include "policy/service_tags.h"

#include <fmt/format.h>

#include <chrono>
#include <nlohmann/json.hpp>
#include <vector>

namespace dozo::policy {
namespace {

using Json = nlohmann::json;

std::expected<AddressSpace, std::string> space_of(const Json& prefixes) {
  std::vector<AddressRange> ranges;
  for (const Json& text : prefixes) {
    if (!text.is_string()) return std::unexpected("an address prefix is not a string");
    const auto range = range_from_string(text.get_ref<const std::string&>());
    if (!range) return std::unexpected(range.error());
    ranges.push_back(*range);
  }
  return AddressSpace::of(ranges);
}

// A member of an object; null when it is none, or has no such member.
const Json& member(const Json& object, const char* name) {
  static const Json kNothing;
  if (!object.is_object()) return kNothing;
  const auto found = object.find(name);
  return found == object.end() ? kNothing : *found;
}

}  // namespace

std::expected<ServiceTags, std::string> parse_service_tags(std::string_view json) {
  const Json root = Json::parse(json, nullptr, false);
  const Json& values = member(root, "values");
  if (!values.is_array()) return std::unexpected("is no file of service tags: it has no list \"values\"");
  ServiceTags tags;
  for (const Json& value : values) {
    const Json& name = member(value, "name");
    const Json& prefixes = member(member(value, "properties"), "addressPrefixes");
    if (!name.is_string() || !prefixes.is_array()) return std::unexpected("has a tag without name or addressPrefixes");
    auto space = space_of(prefixes);
    if (!space) return std::unexpected(fmt::format("{}: {}", name.get<std::string>(), space.error()));
    tags[name.get<std::string>()] = std::move(*space);
  }
  return tags;
}

std::optional<std::int64_t> service_tags_day(std::string_view file_name) {
  const std::size_t dot = file_name.rfind('.');
  if (dot == file_name.npos || dot < 8) return std::nullopt;
  const std::string_view digits = file_name.substr(dot - 8, 8);
  if (digits.find_first_not_of("0123456789") != digits.npos) return std::nullopt;
  const auto part = [&](std::size_t at, std::size_t count) {
    int number = 0;
    for (const char c : digits.substr(at, count)) number = number * 10 + (c - '0');
    return number;
  };
  const std::chrono::year_month_day day{std::chrono::year(part(0, 4)),
                                        std::chrono::month(static_cast<unsigned>(part(4, 2))),
                                        std::chrono::day(static_cast<unsigned>(part(6, 2)))};
  if (!day.ok()) return std::nullopt;
  return std::int64_t{std::chrono::sys_days(day).time_since_epoch().count()} * 86400;
}

}  // namespace dozo::policy
