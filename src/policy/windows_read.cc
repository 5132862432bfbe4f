// Rules of Windows from the script that makes them, and from what a machine says of them.
#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <nlohmann/json.hpp>

#include "policy/emit_text.h"
#include "policy/windows_rules.h"

namespace dozo::policy {
namespace {

using Json = nlohmann::json;

// Words of a PowerShell command: what stands in single quotes is taken as it is, also in a list.
std::vector<std::string> powershell_words(std::string_view line) {
  std::vector<std::string> words(1);
  bool quoted = false;
  for (const char c : line) {
    if (c == '\'') {
      quoted = !quoted;
    } else if (c == ' ' && !quoted) {
      if (!words.back().empty()) words.emplace_back();
    } else {
      words.back() += c;
    }
  }
  return words;
}

// "Any", "x", "x,y" or "@(x,y)".
std::vector<std::string> list_from(std::string_view word) {
  if (word.starts_with("@(") && word.ends_with(')')) word = word.substr(2, word.size() - 3);
  return split(word, ',');
}

// A network with a mask, as Windows shows it: "10.0.0.0/255.0.0.0".
std::optional<AddressRange> range_with_mask(std::string_view word) {
  const std::size_t slash = word.find('/');
  if (slash == word.npos || word.find('.', slash) == word.npos) return std::nullopt;
  const auto mask = address_from_string(word.substr(slash + 1));
  if (!mask || mask->family != Family::v4) return std::nullopt;
  const auto bits = static_cast<std::uint32_t>(mask->number);
  if (std::countl_one(bits) + std::countr_zero(bits) != 32 && bits != 0xFFFFFFFF) return std::nullopt;
  const auto range = range_from_string(fmt::format("{}/{}", word.substr(0, slash), std::countl_one(bits)));
  if (!range) return std::nullopt;
  return *range;
}

std::optional<PortSet> windows_ports_from(const std::vector<std::string>& words) {
  if (words == std::vector<std::string>{"Any"}) return PortSet();
  PortSet all;
  for (const std::string& word : words) {
    const auto ports = ports_from(word);
    if (!ports) return std::nullopt;
    all = all.united(*ports);
  }
  return all;
}

std::optional<Profiles> profiles_from(std::string_view text) {
  if (text == "Any") return Profiles::all();
  const std::vector<std::string> words = split(text, ',');
  std::vector<Profile> found;
  for (std::string_view word : words) {
    if (word.starts_with(' ')) word.remove_prefix(1);  // "Domain, Private", as an enumeration is shown
    if (word != "Domain" && word != "Private" && word != "Public") return std::nullopt;
    found.push_back(word == "Domain" ? Profile::domain : word == "Private" ? Profile::priv : Profile::pub);
  }
  const auto has = [&](Profile p) { return std::ranges::find(found, p) != found.end(); };
  if (has(Profile::domain) && has(Profile::priv)) {
    return has(Profile::pub) ? Profiles::all() : Profiles{Profile::domain, Profile::priv};
  }
  if (has(Profile::pub) && found.size() > 1) return Profiles{found[0], found[1]};
  return Profiles{found[0]};
}

template <class T>
bool put(T& into, std::optional<T> read) {
  if (read) into = std::move(*read);
  return read.has_value();
}

bool choice(bool& into, std::string_view text, std::string_view yes, std::string_view no) {
  into = text == yes;
  return into || text == no;
}

// One parameter or property, by the name that both have.
bool set_property(WindowsRule& rule, std::string_view name, const std::vector<std::string>& values) {
  const std::string& text = values.front();
  if (name == "Name") return put(rule.name, std::optional(text));
  if (name == "DisplayName") return put(rule.display, std::optional(text));
  if (name == "Group") return text == kWindowsGroup;
  if (name == "Enabled") return choice(rule.enabled, text, "True", "False");
  if (name == "Direction") return choice(rule.inbound, text, "Inbound", "Outbound");
  if (name == "Action") return choice(rule.allow, text, "Allow", "Block");
  if (name == "Profile") return put(rule.profiles, profiles_from(fmt::format("{}", fmt::join(values, ","))));
  if (name == "LocalPort") return put(rule.local_ports, windows_ports_from(values));
  if (name == "RemotePort") return put(rule.remote_ports, windows_ports_from(values));
  if (name == "LocalAddress") return put(rule.local, windows_addresses_from(values));
  if (name == "RemoteAddress") return put(rule.remote, windows_addresses_from(values));
  if (name == "EdgeTraversalPolicy") return put(rule.edge, std::optional(text));
  if (name == "Authentication") return put(rule.authentication, std::optional(text));
  if (name == "RemoteMachine") return put(rule.machines, std::optional(text == "Any" ? "" : text));
  if (name == "OverrideBlockRules") return choice(rule.overrides, text, "$true", "$false");
  if (name != "Protocol") return false;
  rule.protocol = text == "UDP" ? Protocol::udp : Protocol::tcp;
  return text == "TCP" || text == "UDP";
}

std::vector<std::string> values_of(const Json& value) {
  std::vector<std::string> values;
  if (value.is_boolean()) values.emplace_back(value.get<bool>() ? "$true" : "$false");
  if (value.is_string()) values.push_back(value.get<std::string>());
  if (value.is_array()) {
    for (const Json& member : value) values.push_back(member.is_string() ? member.get<std::string>() : member.dump());
  }
  if (values.empty()) values.emplace_back(value.is_number() ? value.dump() : "Any");
  return values;
}

Parsed<WindowsRule> rule_from(const Json& object) {
  WindowsRule rule{.authentication = "NotRequired"};
  if (!object.is_object() || !object.contains("Name")) return std::unexpected(ParseProblem{0, "a rule without a name"});
  const bool ours = object["Name"].is_string() && object["Name"].get<std::string>().starts_with(kWindowsTag);
  for (const auto& [name, value] : object.items()) {
    const bool known = set_property(rule, name, values_of(value));
    // Of rules that are not ours only the name and the state are looked at.
    if (!known && (ours || name == "Name")) {
      return std::unexpected(ParseProblem{0, fmt::format("{} cannot be {}", name, value.dump())});
    }
  }
  if (!rule.inbound) rule.edge.clear();
  return rule;
}

}  // namespace

std::optional<AddressSpace> windows_addresses_from(const std::vector<std::string>& words) {
  if (words == std::vector<std::string>{"Any"}) return AddressSpace::everything();
  std::vector<AddressRange> ranges;
  for (const std::string& word : words) {
    const auto range = range_from_string(word);
    const auto masked = range ? std::optional(*range) : range_with_mask(word);
    if (!masked) return std::nullopt;
    ranges.push_back(*masked);
  }
  return AddressSpace::of(ranges);
}

Parsed<WindowsRule> windows_rule_from_text(std::string_view line, std::uint32_t number) {
  const std::vector<std::string> words = powershell_words(line);
  const std::vector<std::string> head = {"New-NetFirewallRule", "@Where"}, tail = {"|", "Out-Null"};
  const auto problem = [&](std::string text) { return std::unexpected(ParseProblem{number, std::move(text)}); };
  if (words.size() < 4 || words.size() % 2 != 0 || !std::equal(head.begin(), head.end(), words.begin()) ||
      !std::equal(tail.begin(), tail.end(), words.end() - 2)) {
    return problem("not a command that dozo writes");
  }
  WindowsRule rule;
  for (std::size_t i = 2; i + 2 < words.size(); i += 2) {
    const auto name = without_prefix(words[i], "-");
    const bool text = name && (*name == "DisplayName" || *name == "RemoteMachine");
    const auto values = text ? std::vector{words[i + 1]} : list_from(words[i + 1]);
    if (!name || !set_property(rule, *name, values)) {
      return problem(fmt::format("{} cannot be {}", words[i], words[i + 1]));
    }
  }
  if (!rule.name.starts_with(kWindowsTag)) return problem("a rule that is not tagged");
  return rule;
}

Parsed<std::vector<WindowsRule>> windows_rules_from_json(std::string_view json) {
  Json root = Json::parse(json, nullptr, false);
  if (root.is_object() && root.contains("Name")) root = Json::array({root});
  if (!root.is_array()) return std::unexpected(ParseProblem{0, "not what Get-NetFirewallRule gives to ConvertTo-Json"});
  std::vector<WindowsRule> rules;
  for (const Json& object : root) {
    auto rule = rule_from(object);
    if (!rule) return std::unexpected(rule.error());
    rules.push_back(std::move(*rule));
  }
  return rules;
}

}  // namespace dozo::policy
