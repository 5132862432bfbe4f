// Azure network security groups: rules as resources beside others of a group, by priority, the lowest number first.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "policy/emit.h"
#include "policy/emit_text.h"
#include "policy/evaluate.h"
#include "policy/text_rules.h"

namespace dozo::policy {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::string_view kMark = "dozo policy for azure", kAzureTag = "dozo:", kNameTag = "dozo-";
constexpr std::size_t kPrefixesMax = 4000;  // in one rule
constexpr int kFirstPriority = 100, kLastPriority = 4096;
constexpr Abilities kAzureAbilities{
    .ipsec = false,
    .mac = false,
    .name = "Azure",
    .instead_of_ipsec = "use a VPN gateway or a private endpoint, and allow its addresses"};

// One rule of a group. One end is a service tag, or prefixes; "*" is everybody.
struct AzureRule {
  std::string name, id;
  bool inbound = true;
  bool allow = false;
  int priority = 0;
  Protocol protocol = Protocol::tcp;
  PortSet ports;
  std::vector<std::string> from{"*"}, to{"*"};
};

// Prefixes of one family in pieces that a rule holds.
std::vector<std::vector<std::string>> pieces_of(const AddressSpace& space, Family family) {
  std::vector<std::vector<std::string>> pieces;
  for (const Prefix& prefix : space.prefixes(family)) {
    if (pieces.empty() || pieces.back().size() == kPrefixesMax) pieces.emplace_back();
    pieces.back().push_back(to_string(prefix));
  }
  return pieces;
}

class AzureEmitter {
 public:
  AzureEmitter(const RuleSet& rules, const EmitOptions& options, Compiled& compiled)
      : rules_(rules), options_(options), compiled_(compiled) {}

  std::vector<AzureRule> run() {
    add_bans();
    for (const Rule* rule : sayable(rules_, kAzureAbilities, compiled_.gaps)) {
      if (rule->action == Action::log) {
        compiled_.notes.push_back(rule->id + ": Azure logs by group: switch on its flow logs");
      } else {
        add_rule(*rule);
      }
    }
    if (too_many()) return {};
    return std::move(made_);
  }

  const std::map<std::string, AddressSpace>& tags() const { return tags_; }

 private:
  using Pieces = std::vector<std::vector<std::string>>;

  void add_bans() {
    std::vector<AddressRange> banned;
    for (const Bans::Entry& entry : bans_at(rules_.bans, options_.now)) banned.push_back(entry.range);
    const AddressSpace space = AddressSpace::of(banned), everybody = AddressSpace::everything();
    for (const Protocol protocol : {Protocol::tcp, Protocol::udp}) {
      AzureRule rule{.name = fmt::format("{}.{}", kBansRule, to_string(protocol)), .id = std::string(kBansRule)};
      rule.protocol = protocol;
      rule.ports = ports_of(rules_.bans.services, protocol);
      if (rule.ports.empty()) continue;
      if (rules_.mode == Mode::perimeter) {
        add_both_ways(rule, space, everybody);
        add_both_ways(rule, everybody, space);
      } else {
        add_families(rule, space, everybody);
        rule.inbound = false;
        add_families(rule, everybody, space);
      }
    }
  }

  void add_rule(const Rule& rule) {
    AzureRule made{.name = rule.id, .id = rule.id, .inbound = rule.direction == Direction::in};
    made.allow = class_of(rule) == 6;
    made.protocol = rule.protocol;
    made.ports = rule.ports;
    const AddressSpace from = rules_.addresses_of(rule.from), to = rules_.addresses_of(rule.to);
    const std::string from_tag = tag_of(rule.from, from), to_tag = tag_of(rule.to, to);
    if (from_tag.empty() && to_tag.empty() && rule.direction != Direction::forward) return add_families(made, from, to);
    if (from_tag.empty() && to_tag.empty()) return add_both_ways(made, from, to);
    add_tagged(made, rule, from_tag, to_tag, from, to);
  }

  // The tag that a set is, remembered with what it means now.
  std::string tag_of(const AddressMatch& match, const AddressSpace& space) {
    if (match.kind != AddressMatch::Kind::in) return "";
    const std::string& tag = rules_.sets.at(match.set).azure_tag;
    if (!tag.empty()) tags_[tag] = space;
    return tag;
  }

  void add_tagged(AzureRule rule, const Rule& of, const std::string& from_tag, const std::string& to_tag,
                  const AddressSpace& from, const AddressSpace& to) {
    Pieces before_from, before_to;
    for (const Family family : {Family::v4, Family::v6}) {
      const Pieces sources = from_tag.empty() ? pieces(from, family) : Pieces{{from_tag}};
      const Pieces destinations = to_tag.empty() ? pieces(to, family) : Pieces{{to_tag}};
      if (sources == before_from && destinations == before_to) return;  // of no family, and said once
      before_from = sources;
      before_to = destinations;
      for (const bool inbound : directions(of)) {
        rule.inbound = inbound;
        add_products(rule, sources, destinations);
      }
    }
  }
  static std::vector<bool> directions(const Rule& rule) {
    if (rule.direction == Direction::forward) return {true, false};
    return {rule.direction == Direction::in};
  }

  // What is passed on arrives in one group and leaves another: it is asked for in both lists.
  void add_both_ways(AzureRule rule, const AddressSpace& from, const AddressSpace& to) {
    for (const bool inbound : {true, false}) {
      rule.inbound = inbound;
      add_families(rule, from, to);
    }
  }

  static Pieces pieces(const AddressSpace& space, Family family) {
    if (space == AddressSpace::everything()) return {{"*"}};
    return pieces_of(space, family);
  }

  // A rule is of one family, unless it is for everybody.
  void add_families(const AzureRule& rule, const AddressSpace& from, const AddressSpace& to) {
    const bool all = from == AddressSpace::everything() && to == from;
    if (all) return add_products(rule, {{"*"}}, {{"*"}});
    for (const Family family : {Family::v4, Family::v6}) add_products(rule, pieces(from, family), pieces(to, family));
  }

  void add_products(AzureRule rule, const Pieces& sources, const Pieces& destinations) {
    const std::string name = std::string(kNameTag) + rule.name;
    for (const auto& source : sources) {
      for (const auto& destination : destinations) {
        rule.from = source;
        rule.to = destination;
        int& number = numbers_[name];
        rule.name = ++number == 1 ? name : fmt::format("{}.{}", name, number);
        rule.priority = kFirstPriority + static_cast<int>(made_.size());
        made_.push_back(rule);
      }
    }
  }

  bool too_many() {
    if (kFirstPriority + made_.size() <= kLastPriority + 1U) return false;
    compiled_.gaps.push_back(
        {.lack = Lack::too_many,
         .looser = true,
         .text = fmt::format("{} rules are more than a group has priorities for: nothing was compiled", made_.size())});
    return true;
  }

  const RuleSet& rules_;
  const EmitOptions& options_;
  Compiled& compiled_;
  std::map<std::string, AddressSpace> tags_;
  std::map<std::string, int> numbers_;
  std::vector<AzureRule> made_;
};

Json ports_json(const PortSet& ports) {
  Json list = Json::array();
  for (const std::string& part : split(to_string(ports), ',')) list.push_back(part);
  return list;
}

void set_end(Json& properties, const std::string& end, const std::vector<std::string>& prefixes) {
  // A service tag or everybody is one prefix; a list has prefixes alone.
  if (prefixes.size() == 1) {
    properties[end + "AddressPrefix"] = prefixes[0];
  } else {
    properties[end + "AddressPrefixes"] = prefixes;
  }
}

Json resource(const AzureRule& rule, const EmitOptions& options) {
  Json properties;
  properties["description"] = std::string(kAzureTag) + rule.id;
  properties["direction"] = rule.inbound ? "Inbound" : "Outbound";
  properties["access"] = rule.allow ? "Allow" : "Deny";
  properties["priority"] = rule.priority;
  properties["protocol"] = rule.protocol == Protocol::tcp ? "Tcp" : "Udp";
  properties["sourcePortRange"] = "*";
  properties["destinationPortRanges"] = ports_json(rule.ports);
  set_end(properties, "source", rule.from);
  set_end(properties, "destination", rule.to);
  return {{"type", "Microsoft.Network/networkSecurityGroups/securityRules"},
          {"apiVersion", "2023-09-01"},
          {"name", options.security_group + "/" + rule.name},
          {"properties", properties}};
}

Json template_of(const RuleSet& rules, const EmitOptions& options, Compiled& compiled) {
  AzureEmitter emitter(rules, options, compiled);
  Json resources = Json::array();
  for (const AzureRule& rule : emitter.run()) resources.push_back(resource(rule, options));
  Json tags = Json::object();
  for (const auto& [tag, space] : emitter.tags()) {
    Json prefixes = Json::array();
    for (const Prefix& prefix : space.prefixes()) prefixes.push_back(to_string(prefix));
    tags[tag] = prefixes;
  }
  return {
      {"$schema", "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#"},
      {"contentVersion", "1.0.0.0"},
      {"metadata",
       {{"dozo", fmt::format("{}: {}", kMark, rules.title)}, {"mode", to_string(rules.mode)}, {"serviceTags", tags}}},
      {"resources", resources}};
}

// --- back

std::optional<std::vector<std::string>> strings_at(const Json& object, const std::string& one,
                                                   const std::string& many) {
  std::vector<std::string> values;
  if (object.contains(one) && object[one].is_string() && !object[one].get<std::string>().empty()) {
    values.push_back(object[one].get<std::string>());
  }
  if (object.contains(many) && object[many].is_array()) {
    for (const Json& value : object[many]) {
      if (!value.is_string()) return std::nullopt;
      values.push_back(value.get<std::string>());
    }
  }
  if (values.empty()) return std::nullopt;
  std::ranges::sort(values);
  return values;
}

std::string text_at(const Json& object, const char* key) {
  return object.contains(key) && object[key].is_string() ? object[key].get<std::string>() : std::string();
}

// The properties of a rule as emitted, or of one as `az network nsg rule list` has it.
std::optional<AzureRule> rule_from(const Json& properties, std::string name) {
  AzureRule rule{.name = std::move(name)};
  const auto tag = without_prefix(text_at(properties, "description"), kAzureTag);
  const auto from = strings_at(properties, "sourceAddressPrefix", "sourceAddressPrefixes");
  const auto to = strings_at(properties, "destinationAddressPrefix", "destinationAddressPrefixes");
  const auto ports = strings_at(properties, "destinationPortRange", "destinationPortRanges");
  const std::string direction = text_at(properties, "direction"), access = text_at(properties, "access");
  const std::string protocol = text_at(properties, "protocol");
  const bool known = (direction == "Inbound" || direction == "Outbound") && (access == "Allow" || access == "Deny") &&
                     (protocol == "Tcp" || protocol == "Udp");
  const bool numbered = properties.contains("priority") && properties["priority"].is_number_integer();
  if (!tag || tag->empty() || !from || !to || !ports || !known || !numbered) return std::nullopt;
  const auto port_set = ports_from(fmt::format("{}", fmt::join(*ports, ",")));
  if (!port_set) return std::nullopt;
  rule.id = *tag;
  rule.inbound = direction == "Inbound";
  rule.allow = access == "Allow";
  rule.priority = properties["priority"].get<int>();
  rule.protocol = protocol == "Tcp" ? Protocol::tcp : Protocol::udp;
  rule.ports = *port_set;
  rule.from = *from;
  rule.to = *to;
  return rule;
}

using Tags = std::map<std::string, std::shared_ptr<const AddressSpace>>;

std::optional<AddressTest> test_of(const std::vector<std::string>& prefixes, const Tags& tags) {
  if (prefixes == std::vector<std::string>{"*"}) return AddressTest{};
  if (const auto tag = tags.find(prefixes[0]); prefixes.size() == 1 && tag != tags.end())
    return AddressTest{tag->second};
  std::vector<AddressRange> ranges;
  for (const std::string& text : prefixes) {
    const auto prefix = prefix_from_string(text);
    if (!prefix) return std::nullopt;
    ranges.push_back(range_of(*prefix));
  }
  return AddressTest{std::make_shared<const AddressSpace>(AddressSpace::of(ranges))};
}

std::optional<MatchLine> match_line(const AzureRule& rule, const Tags& tags, bool perimeter) {
  MatchLine line{.rule = rule.id, .decision = rule.allow ? Decision::allow : Decision::block};
  line.direction = rule.inbound ? Direction::in : Direction::out;
  // What is passed on leaves the subnet it comes from: the outbound list says the same as the inbound one.
  if (perimeter) line.direction = Direction::forward;
  line.never = perimeter && rule.inbound;
  line.protocol = rule.protocol;
  line.ports = rule.ports;
  const auto from = test_of(rule.from, tags), to = test_of(rule.to, tags);
  if (!from || !to) return std::nullopt;
  line.from = *from;
  line.to = *to;
  return line;
}

std::string canonical(const AzureRule& rule) {
  return fmt::format("{} {} {} {} {} from {} to {}", rule.inbound ? "Inbound" : "Outbound", rule.priority,
                     rule.allow ? "Allow" : "Deny", to_string(rule.protocol), to_string(rule.ports),
                     fmt::join(rule.from, ","), fmt::join(rule.to, ","));
}

Tags tags_from(const Json& metadata) {
  Tags tags;
  if (!metadata.contains("serviceTags") || !metadata["serviceTags"].is_object()) return tags;
  for (const auto& [tag, list] : metadata["serviceTags"].items()) {
    std::vector<AddressRange> ranges;
    for (const Json& text : list) {
      const auto prefix =
          text.is_string() ? prefix_from_string(text.get<std::string>()) : std::unexpected(std::string());
      if (prefix) ranges.push_back(range_of(*prefix));
    }
    tags[tag] = std::make_shared<const AddressSpace>(AddressSpace::of(ranges));
  }
  return tags;
}

TextRules as_text(std::vector<AzureRule> rules) {
  std::ranges::sort(rules, {}, &AzureRule::name);
  TextRules text;
  for (const AzureRule& rule : rules) text.lines.push_back({rule.name.substr(kNameTag.size()), canonical(rule)});
  return text;
}

Parsed<std::vector<AzureRule>> rules_from(const Json& list) {
  std::vector<AzureRule> rules;
  for (const Json& object : list) {
    std::string name = text_at(object, "name");
    name = name.substr(name.find('/') + 1);
    if (!name.starts_with(kNameTag)) continue;  // not ours
    auto rule = rule_from(object.contains("properties") ? object["properties"] : object, name);
    if (!rule) return std::unexpected(ParseProblem{0, name + " is no rule that dozo writes"});
    rules.push_back(std::move(*rule));
  }
  return rules;
}

bool is_ours(const Json& root) {
  return root.is_object() && root.contains("metadata") && root.contains("resources") && root["resources"].is_array() &&
         text_at(root["metadata"], "dozo").starts_with(kMark);
}

}  // namespace

Compiled emit_azure(const RuleSet& rules, const EmitOptions& options) {
  Compiled compiled;
  const Json root = template_of(rules, options, compiled);
  compiled.text = root.dump(1) + "\n";
  for (const Json& made : root["resources"]) {
    const std::string name = text_at(made, "name");
    compiled.undo += fmt::format("az network nsg rule delete --resource-group '{}' --nsg-name '{}' --name '{}'\n",
                                 options.resource_group, options.security_group, name.substr(name.find('/') + 1));
  }
  if (!rules.bans.services.empty()) compiled.gaps.push_back(ban_gap("Azure", "restart what they are connected to"));
  add_gaps_beside_rules(rules, "Azure", compiled);
  compiled.notes.push_back(
      fmt::format("az deployment group create --resource-group {} --template-file FILE; the group's "
                  "own rules need other priorities, and rules that are no longer wanted stay: "
                  "dozo policy verify names them",
                  options.resource_group));
  return compiled;
}

Parsed<std::unique_ptr<CompiledRules>> parse_azure(std::string_view text) {
  const Json root = Json::parse(text, nullptr, false);
  if (!is_ours(root)) return std::unexpected(ParseProblem{1, "not made by dozo policy compile"});
  auto rules = rules_from(root["resources"]);
  if (!rules) return std::unexpected(rules.error());
  std::ranges::sort(*rules, {}, &AzureRule::priority);
  const Tags tags = tags_from(root["metadata"]);
  const bool perimeter = text_at(root["metadata"], "mode") == to_string(Mode::perimeter);
  std::vector<MatchLine> lines;
  for (const AzureRule& rule : *rules) {
    auto line = match_line(rule, tags, perimeter);
    if (!line) return std::unexpected(ParseProblem{0, rule.name + ": an address that is none"});
    lines.push_back(std::move(*line));
  }
  return std::make_unique<StatefulRules>(std::move(lines));
}

Parsed<std::vector<Drift>> read_live_azure(std::string_view live, const RuleSet& rules, const EmitOptions& options) {
  const Json root = Json::parse(live, nullptr, false);
  if (!root.is_array()) return std::unexpected(ParseProblem{0, "not what `az network nsg rule list -o json` prints"});
  auto there = rules_from(root);
  if (!there) return std::unexpected(there.error());
  Compiled unsaid;
  auto wanted = rules_from(template_of(rules, options, unsaid)["resources"]);
  if (!wanted) return std::unexpected(wanted.error());
  return differences(as_text(std::move(*there)), as_text(std::move(*wanted)));
}

}  // namespace dozo::policy
