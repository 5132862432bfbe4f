// [[rule]].
#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "policy/policy_reader.h"

namespace dozo::policy {
namespace {

constexpr std::string_view kRuleKeys[] = {"id", "name", "on",     "direction", "services",         "from",
                                          "to", "macs", "action", "profiles",  "overrides_blocks", "edge_traversal",
                                          "log"};
constexpr std::size_t kIdMax = 36;  // and four more for "-tcp"

std::optional<Direction> direction_from_string(std::string_view text) {
  if (text == "in") return Direction::in;
  if (text == "out") return Direction::out;
  return text == "forward" ? std::optional(Direction::forward) : std::nullopt;
}

std::optional<EdgeTraversal> edge_from_string(std::string_view text) {
  if (text == "block") return EdgeTraversal::block;
  return text == "allow" ? std::optional(EdgeTraversal::allow) : std::nullopt;
}

class RuleReader {
 public:
  RuleReader(const TomlValue& table, Reading& reading)
      : reading_(reading), section_(table, "[[rule]]", kRuleKeys, reading.report) {}

  PolicyRule read(std::set<std::string>& ids) {
    rule_.line = section_.line();
    read_names(ids);
    read_on();
    read_services();
    read_ends();
    read_profiles();
    read_action();
    read_direction();
    read_macs();
    return std::move(rule_);
  }

 private:
  void error(std::uint32_t line, std::string message) { reading_.report.error(line, std::move(message)); }

  void read_names(std::set<std::string>& ids) {
    const auto id = section_.text("id"), name = section_.text("name");
    rule_.name = name ? name->text : id ? id->text : std::string();
    rule_.id = id ? id->text : as_word(rule_.name, '-', kIdMax);
    if (!id && !name) return error(rule_.line, "a rule needs a name: name = \"Clients reach the file servers\"");
    if (rule_.id.empty() || as_word(rule_.id, '-', kIdMax) != rule_.id || rule_.id == kBansRule ||
        rule_.id == kEstablishedRule || rule_.id == kLoopbackRule) {
      error(section_.line_of("id"),
            fmt::format("\"{}\" is no id of a rule: lower-case letters, digits and single hyphens, "
                        "at most {}",
                        rule_.id, kIdMax));
    }
    if (!ids.insert(rule_.id).second) {
      error(section_.line_of(id ? "id" : "name"), fmt::format("the id \"{}\" is there twice", rule_.id));
    }
    for (const char c : rule_.name) {
      if (c >= ' ' && c <= '~' && std::string_view("\"'`\\$").find(c) == std::string_view::npos) continue;
      return error(name ? name->line : rule_.line,
                   "a rule's name is printable ASCII without quotes, backslashes and $: it is written into other "
                   "programs' files");
    }
  }

  void read_on() {
    if (!section_.has("on")) return error(rule_.line, "a rule needs on = [roles or hosts]: whose firewall has it?");
    std::vector<std::string_view> names;
    const std::vector<std::string> machines = reading_.policy.machines();
    names.assign(machines.begin(), machines.end());
    for (const Word& word : section_.words("on")) {
      if (reading_.policy.has_machine(word.text)) {
        rule_.on.push_back(word.text);
      } else {
        error(word.line, fmt::format("unknown role or host \"{}\"{}", word.text, did_you_mean(word.text, names)));
      }
    }
  }

  void read_services() {
    if (!section_.has("services")) return error(rule_.line, "a rule needs services = [\"smb\"]");
    std::vector<std::string_view> names;
    for (const Service& service : reading_.policy.services) names.push_back(service.name);
    for (const Word& word : section_.words("services")) {
      const auto service = std::ranges::find(reading_.policy.services, word.text, &Service::name);
      if (service != reading_.policy.services.end()) {
        rule_.services.push_back(*service);
      } else {
        error(word.line, fmt::format("unknown service \"{}\"{}", word.text, did_you_mean(word.text, names)));
      }
    }
  }

  void read_ends() {
    rule_.from = end("from");
    rule_.to = end("to");
  }

  End end(std::string_view key) {
    if (!section_.has(key)) return {};
    return reading_.places.end_of(section_.words(key), fmt::format("{}_{}", rule_.id, key));
  }

  void read_profiles() {
    if (!section_.has("profiles")) return;
    rule_.profiles = {};
    for (const Word& word : section_.words("profiles")) {
      const auto profile = profile_from_string(word.text);
      if (word.text == "any") {
        rule_.profiles = Profiles::all();
      } else if (profile) {
        rule_.profiles = rule_.profiles.with(*profile);
      } else {
        error(word.line, fmt::format("a profile is domain, private, public or any, not \"{}\"", word.text));
      }
    }
  }

  void read_action() {
    const auto action = section_.one_of("action", action_from_string, "allow, allow-if-secure, block, reject or log");
    if (!section_.has("action"))
      error(rule_.line, "a rule needs an action: allow, allow-if-secure, block, reject or log");
    rule_.action = action.value_or(Action::block);
    rule_.overrides_blocks = section_.flag("overrides_blocks").value_or(false);
    rule_.log = section_.flag("log").value_or(false);
    if (rule_.overrides_blocks && rule_.action != Action::allow_if_secure) {
      error(section_.line_of("overrides_blocks"), "only allow-if-secure can override blocks");
    }
  }

  void read_direction() {
    const bool gateway = std::ranges::all_of(
        rule_.on, [&](const std::string& name) { return reading_.policy.role_of(name) == Role::gateway; });
    const auto direction = section_.one_of("direction", direction_from_string, "in, out or forward");
    if (!section_.has("direction") && !gateway) error(rule_.line, "a rule needs a direction: in or out");
    rule_.direction = direction.value_or(gateway ? Direction::forward : Direction::in);
    const bool forward = rule_.direction == Direction::forward;
    if (forward != gateway && !rule_.on.empty()) {
      error(section_.line_of("direction"), "rules on gateways are of direction forward, and all others are in or out");
    }
    if (forward && rule_.profiles != Profiles::all()) error(section_.line_of("profiles"), "a gateway has no profiles");
    const auto edge = section_.one_of("edge_traversal", edge_from_string, "block or allow");
    if (edge && rule_.direction != Direction::in) {
      reading_.report.warning(section_.line_of("edge_traversal"),
                              "edge traversal is of inbound rules alone; it is left out");
    } else if (edge) {
      rule_.edge = *edge;
    }
  }

  void read_macs() {
    const auto macs = section_.text("macs");
    if (!macs) return;
    rule_.macs = macs->text;
    if (!reading_.policy.mac_sets.contains(macs->text)) {
      error(macs->line, fmt::format("there is no \"{}\" in [macs]", macs->text));
    }
    if (rule_.direction == Direction::out)
      error(macs->line, "a host's own MAC address is no condition; use in or forward");
  }

  Reading& reading_;
  Section section_;
  PolicyRule rule_;
};

void check_without(const std::set<std::string>& ids, Reading& reading) {
  for (const auto& [name, host] : reading.policy.hosts) {
    for (const std::string& id : host.without) {
      if (!ids.contains(id)) reading.report.error(host.line, fmt::format("host {}: there is no rule \"{}\"", name, id));
    }
  }
}

}  // namespace

void read_rules(Reading& reading) {
  std::set<std::string> ids;
  for (const TomlValue* table : reading.tables("rule")) {
    reading.policy.rules.push_back(RuleReader(*table, reading).read(ids));
  }
  check_without(ids, reading);
  reading.policy.places = reading.places.take();
}

}  // namespace dozo::policy
