// firewalld: policies of our own with rich rules in the order of their priorities, and ipsets. It accepts what is open
// before any policy.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>

#include "policy/emit.h"
#include "policy/emit_text.h"
#include "policy/evaluate.h"
#include "policy/text_rules.h"

namespace dozo::policy {
namespace {

constexpr std::string_view kFirewalldFirstLine = "# dozo policy for firewalld",
                           kCommand = "firewall-cmd -q --permanent ";
constexpr std::string_view kFirewalldTag = "# dozo:";
constexpr std::string_view kReload = "firewall-cmd -q --reload", kBansSet = "dozo-bans";
constexpr Abilities kFirewalldAbilities{
    .ipsec = false, .name = "firewalld", .instead_of_ipsec = "put the tunnel's interface into a zone of its own"};
constexpr Family kFamilies[] = {Family::v4, Family::v6};

struct PolicyName {
  Direction direction;
  std::string_view name, ingress, egress;
};
constexpr PolicyName kPolicies[] = {{Direction::in, "dozo-in", "ANY", "HOST"},
                                    {Direction::out, "dozo-out", "HOST", "ANY"},
                                    {Direction::forward, "dozo-forward", "ANY", "ANY"}};

std::string set_name(std::string_view set, Family family) {
  return fmt::format("{}_{}", set, family == Family::v4 ? "v4" : "v6");
}

class FirewalldEmitter {
 public:
  FirewalldEmitter(const RuleSet& rules, const EmitOptions& options, Compiled& compiled)
      : rules_(rules), options_(options), said_(sayable(rules, kFirewalldAbilities, compiled.gaps)) {
    std::erase_if(said_, [&](const Rule* rule) {
      if (rule->macs.empty() || rule->from.kind == AddressMatch::Kind::any) return false;
      compiled.gaps.push_back(
          {.lack = Lack::mac,
           .rule = rule->id,
           .looser = class_of(*rule) == 5,
           .text = fmt::format("firewalld matches a source's MAC address or its IP address, not both: "
                               "rule {} is left out; name no addresses in it",
                               rule->id)});
      return true;
    });
  }

  std::string run() {
    std::vector<AddressRange> banned;
    for (const Bans::Entry& entry : bans_at(rules_.bans, options_.now)) banned.push_back(entry.range);
    for (const PolicyName& policy : kPolicies) command(fmt::format("--delete-policy={}", policy.name), true);
    add_set(kBansSet, AddressSpace::of(banned));
    for (const auto& [name, set] : rules_.sets) add_set("dozo_" + name, set.addresses);
    for (const PolicyName& policy : kPolicies) {
      const bool forward = policy.direction == Direction::forward;
      if (forward == (rules_.mode == Mode::perimeter)) add_policy(policy);
    }
    return text_ + std::string(kReload) + "\n";
  }

 private:
  // Rich rules have no comments: the text has them.
  void tag(std::string_view id) { text_ += fmt::format("{}{}\n", kFirewalldTag, id); }

  // What is not there cannot be deleted, which is no failure.
  void command(std::string_view what, bool may_fail = false) {
    text_ += fmt::format("{}{}{}\n", kCommand, what, may_fail ? " 2>/dev/null" : "");
  }

  void add_set(std::string_view set, const AddressSpace& space) {
    for (const Family family : kFamilies) {
      const std::string name = set_name(set, family);
      command("--delete-ipset=" + name, true);
      command(fmt::format("--new-ipset={} --type=hash:net --option=family={}", name,
                          family == Family::v4 ? "inet" : "inet6"));
      for (const Prefix& prefix : space.prefixes(family)) {
        for (const Prefix& entry : without_length_zero(prefix)) {
          command(fmt::format("--ipset={} --add-entry={}", name, to_string(entry)));
        }
      }
    }
  }

  // An ipset takes no network of length 0.
  static std::vector<Prefix> without_length_zero(const Prefix& prefix) {
    if (prefix.length != 0) return {prefix};
    const Family family = prefix.network.family;
    return {{{family, 0}, 1}, {{family, highest_of(family) / 2 + 1}, 1}};
  }

  void add_policy(const PolicyName& policy) {
    command(fmt::format("--new-policy={}", policy.name));
    for (const std::string& what :
         {fmt::format("--add-ingress-zone={}", policy.ingress), fmt::format("--add-egress-zone={}", policy.egress),
          std::string("--set-target=CONTINUE"), std::string("--set-priority=-100")}) {
      command(fmt::format("--policy={} {}", policy.name, what));
    }
    priority_ = 0;
    add_bans(policy);
    for (const Rule* rule : said_) {
      if (rule->direction == policy.direction) add_rule(policy, *rule);
    }
  }

  void add_bans(const PolicyName& policy) {
    tag(kBansRule);
    for (const Protocol protocol : {Protocol::tcp, Protocol::udp}) {
      const PortSet ports = ports_of(rules_.bans.services, protocol);
      for (const Family family : kFamilies) {
        const std::string set = set_name(kBansSet, family);
        if (policy.direction != Direction::out) {
          add_ports(policy, family, fmt::format(" source ipset=\"{}\"", set), protocol, ports, " drop");
        }
        if (policy.direction != Direction::in) {
          add_ports(policy, family, fmt::format(" destination ipset=\"{}\"", set), protocol, ports, " drop");
        }
      }
    }
  }

  void add_rule(const PolicyName& policy, const Rule& rule) {
    tag(rule.id);
    for (const Family family : kFamilies) {
      for (const std::string& source : sources_of(rule, family)) {
        add_ports(policy, family, source + end_text(rule.to, "destination", family), rule.protocol, rule.ports,
                  log_of(rule) + action_of(rule));
      }
    }
  }

  static std::string end_text(const AddressMatch& match, std::string_view end, Family family) {
    if (match.kind == AddressMatch::Kind::any) return "";
    return fmt::format(" {}{} ipset=\"{}\"", end, match.kind == AddressMatch::Kind::not_in ? " NOT" : "",
                       set_name("dozo_" + match.set, family));
  }

  std::vector<std::string> sources_of(const Rule& rule, Family family) const {
    if (rule.macs.empty()) return {end_text(rule.from, "source", family)};
    std::vector<std::string> sources;
    for (const Mac& mac : rules_.mac_sets.at(rule.macs)) {
      sources.push_back(fmt::format(" source mac=\"{}\"", to_string(mac)));
    }
    return sources;
  }

  static std::string log_of(const Rule& rule) {
    if (!rule.log && rule.action != Action::log) return "";
    return fmt::format(" log prefix=\"dozo {}\"", rule.id);
  }
  static std::string action_of(const Rule& rule) {
    if (rule.action == Action::log) return "";
    if (class_of(rule) == 6) return " accept";
    return rule.action == Action::reject ? " reject" : " drop";
  }

  void add_ports(const PolicyName& policy, Family family, const std::string& ends, Protocol protocol,
                 const PortSet& ports, const std::string& action) {
    for (const std::string& port : ports.empty() ? std::vector<std::string>() : split(to_string(ports), ',')) {
      command(fmt::format(
          "--policy={} --add-rich-rule='rule priority=\"{}\" family=\"{}\"{} port port=\"{}\" "
          "protocol=\"{}\"{}'",
          policy.name, ++priority_, family == Family::v4 ? "ipv4" : "ipv6", ends, port, to_string(protocol), action));
    }
  }

  const RuleSet& rules_;
  const EmitOptions& options_;
  std::vector<const Rule*> said_;
  int priority_ = 0;
  std::string text_;
};

// `rule priority="1" family="ipv4" source NOT ipset="x" port port="445" protocol="tcp" drop`, word by word.
class RichRule {
 public:
  RichRule(const std::string& text, const SetTests& sets) : words_(split(text, ' ')), sets_(sets) {}

  std::optional<MatchLine> run() {
    if (words_.empty() || words_[0] != "rule") return std::nullopt;
    for (at_ = 1; at_ < words_.size(); ++at_) {
      if (!read_one()) return std::nullopt;
    }
    return std::move(line_);
  }
  int priority() const { return priority_; }

 private:
  // The value of key="value".
  std::optional<std::string> value(std::string_view key) const {
    if (at_ >= words_.size()) return std::nullopt;
    auto rest = without_prefix(words_[at_], fmt::format("{}=\"", key));
    if (!rest || !rest->ends_with('"')) return std::nullopt;
    rest->pop_back();
    return rest;
  }

  bool read_one() {
    const std::string& word = words_[at_];
    if (const auto priority = value("priority")) {
      const auto number = number_from(*priority);
      priority_ = static_cast<int>(number.value_or(0));
      return number.has_value();
    }
    if (const auto family = value("family")) {
      line_.family = *family == "ipv6" ? Family::v6 : Family::v4;
      return *family == "ipv6" || *family == "ipv4";
    }
    if (word == "source" || word == "destination") return read_end(word == "source" ? line_.from : line_.to);
    if (word == "port") return read_port();
    if (word == "log") return read_log();
    if (word == "accept") line_.decision = Decision::allow;
    if (word == "drop") line_.decision = Decision::block;
    if (word == "reject") line_.decision = Decision::reject;
    return line_.decision.has_value();
  }

  bool read_end(AddressTest& test) {
    ++at_;
    const bool negated = at_ < words_.size() && words_[at_] == "NOT";
    if (negated) ++at_;
    if (const auto mac = value("mac")) {
      const auto read = mac_from_string(*mac);
      if (read) line_.macs = {*read};
      return read.has_value() && !negated;
    }
    const auto set = value("ipset");
    const auto found = set ? sets_.test(*set, negated) : std::nullopt;
    if (found) test = *found;
    return found.has_value();
  }

  bool read_port() {
    ++at_;
    const auto ports = ports_from(value("port").value_or("x"));
    ++at_;
    line_.protocol = protocol_from_string(value("protocol").value_or(""));
    if (ports) line_.ports = *ports;
    return ports && line_.protocol;
  }

  // The prefix has a blank: two words.
  bool read_log() {
    at_ += 2;
    return at_ < words_.size() && words_[at_ - 1] == "prefix=\"dozo" && words_[at_].ends_with('"');
  }

  std::vector<std::string> words_;
  const SetTests& sets_;
  std::size_t at_ = 0;
  int priority_ = 0;
  MatchLine line_;
};

struct Raw {
  std::string policy, id, rule;
  std::uint32_t line = 0;
};

Parsed<TextRules> made_of(const std::vector<Raw>& raw, const std::map<std::string, std::vector<AddressRange>>& ranges) {
  TextRules read;
  for (const auto& [name, list] : ranges) read.sets[name] = AddressSpace::of(list);
  const SetTests sets(read.sets);
  std::vector<std::pair<int, MatchLine>> ordered;
  for (const Raw& one : raw) {
    RichRule rule(one.rule, sets);
    auto line = rule.run();
    const auto policy = std::ranges::find(kPolicies, one.policy, &PolicyName::name);
    if (!line || policy == std::end(kPolicies)) return std::unexpected(ParseProblem{one.line, "not a rule of dozo's"});
    line->rule = one.id;
    line->direction = policy->direction;
    read.lines.push_back({one.id, one.policy + " " + one.rule});
    ordered.emplace_back(rule.priority(), std::move(*line));
  }
  std::vector<std::size_t> order(ordered.size());
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
  std::ranges::sort(order, {}, [&](std::size_t i) { return std::pair(ordered[i].first, i); });
  for (const std::size_t i : order) read.matches.push_back(std::move(ordered[i].second));
  return read;
}

bool add_entry(std::map<std::string, std::vector<AddressRange>>& ranges, const std::string& set,
               std::string_view text) {
  const auto prefix = prefix_from_string(text);
  if (prefix) ranges[set].push_back(range_of(*prefix));
  return prefix.has_value();
}

Parsed<TextRules> rules_from_commands(std::string_view text) {
  std::vector<Raw> raw;
  std::map<std::string, std::vector<AddressRange>> ranges;
  std::string id;
  for (const TextLine& line : lines_of(text)) {
    if (const auto tag = without_prefix(line.text, kFirewalldTag)) id = *tag;
    if (line.text.starts_with('#') || line.text == kReload) continue;
    const auto command = without_prefix(line.text, kCommand);
    const std::vector<std::string> words = split(command.value_or(""), ' ');
    const auto set = without_prefix(words[0], "--ipset="), policy = without_prefix(words[0], "--policy=");
    bool known = words[0].starts_with("--delete-") || words[0].starts_with("--new-policy=dozo-");
    if (const auto made = without_prefix(words[0], "--new-ipset=")) {
      ranges[*made];
      known = made->starts_with("dozo");
    } else if (set && words.size() == 2) {
      known = add_entry(ranges, *set, without_prefix(words[1], "--add-entry=").value_or(""));
    } else if (policy && words.size() > 1) {
      const auto rule = without_prefix(command->substr(words[0].size() + 1), "--add-rich-rule='");
      known = words.size() == 2 || (rule && rule->ends_with('\''));
      if (rule && known) raw.push_back({*policy, id, rule->substr(0, rule->size() - 1), line.number});
    }
    if (!known) return std::unexpected(ParseProblem{line.number, "not a line that dozo writes"});
  }
  return made_of(raw, ranges);
}

// "policy NAME" and its rich rules, "ipset NAME" and its entries.
Parsed<TextRules> rules_from_live(std::string_view text) {
  std::vector<Raw> raw;
  std::map<std::string, std::vector<AddressRange>> ranges;
  std::string policy, set;
  for (const TextLine& line : lines_of(text)) {
    if (const auto name = without_prefix(line.text, "policy ")) {
      policy = *name;
      set.clear();
    } else if (const auto shown = without_prefix(line.text, "ipset ")) {
      set = *shown;
      if (set.starts_with("dozo")) ranges[set];
    } else if (line.text.starts_with("rule ") && !policy.empty()) {
      raw.push_back({policy, "", line.text, line.number});
    } else if (set.empty() || (set.starts_with("dozo") && !add_entry(ranges, set, line.text))) {
      return std::unexpected(ParseProblem{line.number, "not what the commands of `live` print"});
    }
  }
  return made_of(raw, ranges);
}

}  // namespace

Compiled emit_firewalld(const RuleSet& rules, const EmitOptions& options) {
  Compiled compiled;
  compiled.text = fmt::format("{}: {}\n# sh this file\n{}", kFirewalldFirstLine, rules.title,
                              FirewalldEmitter(rules, options, compiled).run());
  compiled.undo = fmt::format("{}: undone\n", kFirewalldFirstLine);
  for (const TextLine& line : lines_of(compiled.text)) {
    if (line.text.contains("--delete-")) compiled.undo += line.text + "\n";
  }
  compiled.undo += std::string(kReload) + "\n";
  if (!rules.bans.services.empty())
    compiled.gaps.push_back(ban_gap("firewalld", "end them with conntrack -D -s ADDRESS"));
  add_gaps_beside_rules(rules, "firewalld", compiled);
  return compiled;
}

Parsed<std::unique_ptr<CompiledRules>> parse_firewalld(std::string_view text) {
  if (!text.starts_with(kFirewalldFirstLine))
    return std::unexpected(ParseProblem{1, "not made by dozo policy compile"});
  auto read = rules_from_commands(text);
  if (!read) return std::unexpected(read.error());
  return std::make_unique<StatefulRules>(std::move(read->matches));
}

Parsed<std::vector<Drift>> read_live_firewalld(std::string_view live, const RuleSet& rules,
                                               const EmitOptions& options) {
  const auto there = rules_from_live(live);
  if (!there) return std::unexpected(there.error());
  auto wanted = rules_from_commands(emit_firewalld(rules, options).text);
  if (!wanted) return std::unexpected(wanted.error());
  for (auto& line : wanted->lines) line.id.clear();  // firewalld keeps no comments
  return differences(*there, *wanted);
}

}  // namespace dozo::policy
