// [zones], [objects], [azure], and the names that [roles] and [[host]] bring.
#include <fmt/format.h>

#include "policy/policy_reader.h"

namespace dozo::policy {
namespace {

constexpr std::string_view kAzureKeys[] = {"service_tags"};
constexpr std::int64_t kDaySeconds = 86400;

bool is_vlan(std::string_view name) {
  if (!name.starts_with("vlan:") || name.size() > 9 || name.size() < 6) return false;
  int number = 0;
  for (const char c : name.substr(5)) {
    if (c < '0' || c > '9') return false;
    number = number * 10 + (c - '0');
  }
  return number >= 1 && number <= 4094;
}

bool is_zone_name(std::string_view name) {
  return name == "domain" || name == "private" || name == "public" || name == "dmz" || name == "vpn" || is_vlan(name);
}

// A list of strings under any key.
std::vector<Word> words_of(const TomlEntry& entry, std::string_view section, Report& report) {
  TomlValue table{.kind = TomlValue::Kind::table, .line = entry.line};
  table.entries.push_back(entry);
  const std::string_view keys[] = {entry.key};
  return Section(table, std::string(section), keys, report).words(entry.key);
}

void read_named_lists(Reading& reading, std::string_view key, Place::Kind kind) {
  const TomlValue* table = reading.top(key);
  if (table == nullptr) return;
  for (const TomlEntry& entry : table->entries) {
    if (kind == Place::Kind::zone && !is_zone_name(entry.key)) {
      reading.report.error(
          entry.line, fmt::format("unknown zone \"{}\": a zone is domain, private, public, dmz, vpn or "
                                  "vlan:N; other names are [objects]{}",
                                  entry.key, did_you_mean(entry.key, {"domain", "private", "public", "dmz", "vpn"})));
    }
    reading.places.add(kind, entry.key, entry.line, words_of(entry, fmt::format("[{}]", key), reading.report));
  }
}

std::string beside(const std::string& policy_file, const std::string& path) {
  const std::size_t slash = policy_file.rfind('/');
  return path.starts_with('/') || slash == policy_file.npos ? path : policy_file.substr(0, slash + 1) + path;
}

void read_azure(Reading& reading) {
  const TomlValue* table = reading.top("azure");
  if (table == nullptr) return;
  const Section section(*table, "[azure]", kAzureKeys, reading.report);
  const auto path = section.text("service_tags");
  if (!path || reading.options.read_file == nullptr) return;
  const auto json = reading.options.read_file(beside(reading.report.file(), path->text));
  if (!json) return reading.report.error(path->line, fmt::format("{}: {}", path->text, json.error()));
  auto tags = parse_service_tags(*json);
  if (!tags) return reading.report.error(path->line, fmt::format("{}: {}", path->text, tags.error()));
  reading.places.set_service_tags(std::move(*tags), true);
  const auto day = service_tags_day(path->text);
  const std::int64_t age = day ? reading.options.now - *day : 0;
  if (!day) {
    reading.report.warning(path->line, "the file's name has no date, so nobody can say how old it is");
  } else if (age > kServiceTagsFreshSeconds + kDaySeconds) {
    reading.report.warning(path->line,
                           fmt::format("the file of service tags is {} days old; get this week's, ranges are "
                                       "used a week after they are published",
                                       age / kDaySeconds));
  }
}

void add_machines(Reading& reading) {
  if (const TomlValue* roles = reading.top("roles")) {
    for (const TomlEntry& role : roles->entries) {
      for (const TomlEntry& entry : role.value.entries) {
        if (entry.key != "members") continue;
        reading.places.add(Place::Kind::role, role.key, role.line, words_of(entry, "[roles]", reading.report));
      }
    }
  }
  for (const TomlValue* host : reading.tables("host")) {
    std::string name;
    std::vector<Word> addresses;
    for (const TomlEntry& entry : host->entries) {
      if (entry.key == "name") name = entry.value.text;
      if (entry.key == "addresses") addresses = words_of(entry, "[[host]]", reading.report);
    }
    reading.places.add(Place::Kind::host, name, host->line, std::move(addresses));
  }
}

}  // namespace

void read_places(Reading& reading) {
  read_azure(reading);
  read_named_lists(reading, "zones", Place::Kind::zone);
  read_named_lists(reading, "objects", Place::Kind::object);
  add_machines(reading);
  reading.places.resolve_all();
}

}  // namespace dozo::policy
