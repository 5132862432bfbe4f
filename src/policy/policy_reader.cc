#include "policy/policy_reader.h"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <sstream>

namespace dozo::policy {
namespace {

constexpr std::string_view kTopKeys[] = {"policy",    "zones", "objects", "azure", "macs", "services",
                                         "blocklist", "bans",  "ipsec",   "roles", "host", "rule"};
constexpr std::string_view kPolicyKeys[] = {"name"};

void read_name(Reading& reading) {
  reading.policy.name = "policy";
  const TomlValue* table = reading.top("policy");
  if (table == nullptr) return;
  const Section section(*table, "[policy]", kPolicyKeys, reading.report);
  if (const auto name = section.text("name")) reading.policy.name = name->text;
}

}  // namespace

const TomlValue* Reading::top(std::string_view key) const {
  const auto entry = std::ranges::find(root.entries, key, &TomlEntry::key);
  return entry == root.entries.end() ? nullptr : &entry->value;
}

std::vector<const TomlValue*> Reading::tables(std::string_view key) {
  const TomlValue* list = top(key);
  if (list == nullptr) return {};
  std::vector<const TomlValue*> tables;
  for (const TomlValue& item : list->items) {
    if (item.kind == TomlValue::Kind::table) tables.push_back(&item);
  }
  if (list->kind != TomlValue::Kind::list || tables.size() != list->items.size()) {
    report.error(list->line, fmt::format("write [[{}]], with two brackets", key));
  }
  return tables;
}

std::string as_word(std::string_view text, char filler, std::size_t length_max) {
  std::string word;
  for (const char c : text) {
    const char lower = c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c;
    const bool kept = (lower >= 'a' && lower <= 'z') || (lower >= '0' && lower <= '9');
    if (kept) {
      word += lower;
    } else if (!word.empty() && word.back() != filler) {
      word += filler;
    }
    if (word.size() == length_max) break;
  }
  while (!word.empty() && word.back() == filler) word.pop_back();
  return word;
}

std::expected<ReadPolicy, Problems> parse_policy(std::string_view text, std::string_view file,
                                                 const ReadOptions& options) {
  const auto tree = parse_toml(text, file);
  if (!tree) return std::unexpected(Problems{tree.error()});
  Reading reading(*tree, file, options);
  const Section top(*tree, "a policy", kTopKeys, reading.report);
  reading.policy.file = file;
  read_name(reading);
  read_places(reading);
  read_machines(reading);
  read_services(reading);
  read_rules(reading);
  Problems& problems = reading.report.problems();
  put_in_order(problems);
  if (has_errors(problems)) return std::unexpected(std::move(problems));
  return ReadPolicy{std::move(reading.policy), std::move(problems)};
}

std::expected<std::string, std::string> file_text(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::stringstream text;
  if (file) text << file.rdbuf();
  if (!file) return std::unexpected(fmt::format("cannot be read: {}", std::strerror(errno)));
  return text.str();
}

std::expected<ReadPolicy, Problems> load_policy(const std::string& path, std::int64_t now) {
  const auto text = file_text(path);
  if (!text) return std::unexpected(Problems{{.file = path, .message = text.error()}});
  return parse_policy(*text, path, {now, file_text});
}

bool Policy::has_machine(std::string_view machine) const { return role_of(machine).has_value(); }

std::vector<std::string> Policy::machines() const {
  std::vector<std::string> all;
  for (const auto& [role, settings] : roles) all.emplace_back(to_string(role));
  for (const auto& [host, settings] : hosts) all.push_back(host);
  return all;
}

std::optional<Role> Policy::role_of(std::string_view machine) const {
  if (const auto host = hosts.find(std::string(machine)); host != hosts.end()) return host->second.role;
  const auto role = role_from_string(machine);
  return role && roles.contains(*role) ? role : std::nullopt;
}

std::optional<std::string> Policy::machine_at(const Address& address) const {
  for (const auto& [host, settings] : hosts) {
    if (settings.addresses.contains(address)) return host;
  }
  for (const auto& [role, settings] : roles) {
    if (settings.members.contains(address)) return std::string(to_string(role));
  }
  return std::nullopt;
}

std::string Policy::zone_at(const Address& address) const {
  for (const auto& [zone, place] : places) {
    if (place.kind == Place::Kind::zone && place.addresses.contains(address)) return zone;
  }
  return std::string(kInternet);
}

bool Policy::has_ipsec(std::string_view machine) const {
  const auto role = role_of(machine);
  return role && ipsec.mode != IpsecSettings::Mode::off && roles.contains(*role) && roles.at(*role).ipsec;
}

}  // namespace dozo::policy
