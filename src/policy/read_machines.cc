// [roles], [[host]] and [ipsec].
#include <fmt/format.h>

#include <algorithm>
#include <bit>

#include "policy/policy_reader.h"

namespace dozo::policy {
namespace {

constexpr std::string_view kRoleKeys[] = {
    "members", "serves", "profile", "server_service", "workstation_service", "windows_rules_off", "domain_member"};
constexpr std::string_view kHostKeys[] = {"name", "role", "addresses", "profile", "without"};
constexpr std::string_view kIpsecKeys[] = {"mode", "on", "user", "null_encapsulation"};
constexpr std::string_view kRoleNames = "client, laptop, fileserver, domain-controller, nas, printer or gateway";
constexpr std::string_view kProfileWords = "domain, private or public";

std::optional<bool> stop_from_string(std::string_view text) {
  if (text == "stop") return true;
  return text == "keep" ? std::optional(false) : std::nullopt;
}

std::optional<IpsecSettings::Mode> ipsec_mode_from_string(std::string_view text) {
  using Mode = IpsecSettings::Mode;
  if (text == "off") return Mode::off;
  if (text == "request") return Mode::request;
  if (text == "require-in") return Mode::require_in;
  return text == "require" ? std::optional(Mode::require) : std::nullopt;
}

bool is_usually_member(Role role) { return role != Role::nas && role != Role::printer && role != Role::gateway; }

RoleSettings role_settings(const TomlEntry& entry, Role role, Reading& reading) {
  const Section section(entry.value, fmt::format("[roles.{}]", entry.key), kRoleKeys, reading.report);
  RoleSettings settings;
  settings.line = entry.line;
  settings.profile = role == Role::laptop ? Profile::pub : Profile::domain;
  settings.profile = section.one_of("profile", profile_from_string, kProfileWords).value_or(settings.profile);
  settings.stop_server = section.one_of("server_service", stop_from_string, "keep or stop").value_or(false);
  settings.stop_workstation = section.one_of("workstation_service", stop_from_string, "keep or stop").value_or(false);
  settings.stop_server_line = section.line_of("server_service");
  settings.stop_workstation_line = section.line_of("workstation_service");
  settings.windows_rules_off = section.flag("windows_rules_off").value_or(false);
  settings.domain_member = section.flag("domain_member").value_or(is_usually_member(role));
  if (section.has("members")) {
    if (const Place* place = reading.places.find(entry.key)) settings.members = place->addresses;
  }
  for (const Word& word : section.has("serves") ? section.words("serves") : std::vector<Word>()) {
    if (reading.places.has(word.text) || role_from_string(word.text)) {
      settings.serves.push_back(word.text);
    } else {
      reading.report.error(word.line, fmt::format("unknown name \"{}\" in serves", word.text));
    }
  }
  return settings;
}

void read_roles(Reading& reading) {
  const TomlValue* table = reading.top("roles");
  if (table == nullptr) return;
  for (const TomlEntry& entry : table->entries) {
    const auto role = role_from_string(entry.key);
    if (!role) {
      reading.report.error(
          entry.line, fmt::format("unknown role \"{}\": a role is {}{}", entry.key, kRoleNames,
                                  did_you_mean(entry.key, {"client", "laptop", "fileserver", "domain-controller", "nas",
                                                           "printer", "gateway"})));
      continue;
    }
    reading.policy.roles[*role] = role_settings(entry, *role, reading);
  }
}

void read_host(const TomlValue& table, Reading& reading) {
  const Section section(table, "[[host]]", kHostKeys, reading.report);
  const auto name = section.text("name");
  const auto role = section.one_of("role", role_from_string, kRoleNames);
  if (!name || !section.has("role") || !section.has("addresses")) {
    return reading.report.error(table.line, "a host needs a name, a role and addresses");
  }
  if (as_word(name->text, '-', 40) != name->text || role_from_string(name->text)) {
    reading.report.error(name->line, fmt::format("host name \"{}\": lower-case letters, digits and single hyphens, at "
                                                 "most 40, and not the name of a role",
                                                 name->text));
  }
  HostSettings host{.line = table.line, .role = role.value_or(Role::client)};
  host.profile = section.one_of("profile", profile_from_string, kProfileWords);
  if (const Place* place = reading.places.find(name->text)) host.addresses = place->addresses;
  if (role && !reading.policy.roles.contains(*role)) {
    reading.report.error(section.line_of("role"), fmt::format("there is no [roles.{}]", to_string(*role)));
  }
  if (section.has("without")) {
    for (const Word& word : section.words("without")) host.without.push_back(word.text);
  }
  reading.policy.hosts[name->text] = std::move(host);
}

// Whose address an address is: the narrower network's. Networks of about one size that two roles share are an error.
void share_out_addresses(Reading& reading) {
  std::map<unsigned, std::map<Role, std::vector<AddressRange>>> by_width;
  for (const auto& [role, settings] : reading.policy.roles) {
    for (const AddressRange& range : settings.members.ranges()) {
      const AddressNumber size = range.last.number - range.first.number;
      const auto high = static_cast<std::uint64_t>(size >> 64), low = static_cast<std::uint64_t>(size);
      const unsigned width = static_cast<unsigned>(high != 0 ? 64 + std::bit_width(high) : std::bit_width(low));
      by_width[width][role].push_back(range);
    }
  }
  AddressSpace taken;
  std::map<Role, AddressSpace> shares;
  for (const auto& [width, roles] : by_width) {
    AddressSpace taken_here;
    for (const auto& [role, ranges] : roles) {
      const AddressSpace all = AddressSpace::of(ranges);
      if (const AddressSpace both = all.common(taken_here); !both.empty()) {
        reading.report.error(reading.policy.roles[role].line,
                             fmt::format("role {} and another role share {}: which of them is it?", to_string(role),
                                         to_string(both.prefixes().front())));
      }
      taken_here = taken_here.united(all);
      shares[role] = shares[role].united(all.without(taken));
    }
    taken = taken.united(taken_here);
  }
  for (auto& [role, settings] : reading.policy.roles) settings.members = shares[role];
}

void check_hosts(Reading& reading) {
  const auto& hosts = reading.policy.hosts;
  for (auto one = hosts.begin(); one != hosts.end(); ++one) {
    for (auto other = hosts.begin(); other != one; ++other) {
      const AddressSpace both = one->second.addresses.common(other->second.addresses);
      if (both.empty()) continue;
      reading.report.error(std::max(one->second.line, other->second.line),
                           fmt::format("hosts {} and {} share the address {}", other->first, one->first,
                                       to_string(both.prefixes().front().network)));
    }
  }
}

void read_ipsec(Reading& reading) {
  const TomlValue* table = reading.top("ipsec");
  if (table == nullptr) return;
  const Section section(*table, "[ipsec]", kIpsecKeys, reading.report);
  IpsecSettings& ipsec = reading.policy.ipsec;
  ipsec.line = table->line;
  ipsec.mode = section.one_of("mode", ipsec_mode_from_string, "off, request, require-in or require")
                   .value_or(IpsecSettings::Mode::request);
  ipsec.user = section.flag("user").value_or(true);
  ipsec.null_encapsulation = section.flag("null_encapsulation").value_or(true);
  for (const Word& word : section.words("on")) {
    const auto role = role_from_string(word.text);
    if (role && reading.policy.roles.contains(*role)) {
      reading.policy.roles[*role].ipsec = true;
    } else {
      reading.report.error(word.line, fmt::format("[ipsec] is on roles, and there is no role \"{}\"", word.text));
    }
  }
}

}  // namespace

void read_machines(Reading& reading) {
  read_roles(reading);
  for (const TomlValue* host : reading.tables("host")) read_host(*host, reading);
  share_out_addresses(reading);
  check_hosts(reading);
  read_ipsec(reading);
}

}  // namespace dozo::policy
