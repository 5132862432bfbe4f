// The address ranges of Azure's services, from the file that Microsoft publishes every week
// (ServiceTags_Public_YYYYMMDD.json). dozo never fetches it.
#pragma once

#include <cstdint>
#include <expected>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "policy/address.h"

namespace dozo::policy {

using ServiceTags = std::map<std::string, AddressSpace, std::less<>>;  // "Storage.WestEurope"

// The error is for people.
std::expected<ServiceTags, std::string> parse_service_tags(std::string_view json);

// The day in the file's name, as seconds since 1970; nothing when there is none.
std::optional<std::int64_t> service_tags_day(std::string_view file_name);

// New ranges are published at least a week before they are used.
inline constexpr std::int64_t kServiceTagsFreshSeconds = 7 * 86400;

}  // namespace dozo::policy
