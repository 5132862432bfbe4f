// RouterOS: chains of our own that the first rule of input, output and forward jumps to, and address lists. First
// match.
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

constexpr std::string_view kRouterosFirstLine = "# dozo policy for routeros",
                           kRouterosTag = "dozo:", kBansList = "dozo-bans";
constexpr Family kFamilies[] = {Family::v4, Family::v6};

std::string_view path_of(Family family) { return family == Family::v4 ? "/ip" : "/ipv6"; }
std::string list_of(std::string_view set) { return fmt::format("dozo_{}", set); }

std::string forget(Family family) {
  return fmt::format(
      "{0} firewall filter remove [find comment~\"^dozo:\"]\n{0} firewall address-list remove [find "
      "comment=\"dozo\"]\n",
      path_of(family));
}

std::string chain_of(Direction direction) {
  if (direction == Direction::in) return "input";
  return direction == Direction::out ? "output" : "forward";
}

class RouterEmitter {
 public:
  RouterEmitter(const RuleSet& rules, const EmitOptions& options) : rules_(rules), options_(options) {}

  std::string run() {
    for (const Family family : kFamilies) {
      text_ += forget(family);
      add_lists(family);
      for (const Direction direction : directions()) add_chain(family, direction);
    }
    return std::move(text_);
  }

 private:
  std::vector<Direction> directions() const {
    if (rules_.mode == Mode::perimeter) return {Direction::forward};
    return {Direction::in, Direction::out};
  }

  void add_list(Family family, std::string_view list, const AddressSpace& space) {
    for (const Prefix& prefix : space.prefixes(family)) {
      text_ += fmt::format("{} firewall address-list add list={} address={} comment=dozo\n", path_of(family), list,
                           to_string(prefix));
    }
  }

  void add_lists(Family family) {
    std::vector<AddressRange> banned;
    for (const Bans::Entry& entry : bans_at(rules_.bans, options_.now)) banned.push_back(entry.range);
    add_list(family, kBansList, AddressSpace::of(banned));
    for (const auto& [name, set] : rules_.sets) add_list(family, list_of(name), set.addresses);
  }

  void add(Family family, Direction direction, std::string_view what, std::string_view id) {
    text_ += fmt::format("{} firewall filter add chain=dozo-{} {} comment=\"{}{}\"\n", path_of(family),
                         chain_of(direction), what, kRouterosTag, id);
  }

  void add_chain(Family family, Direction direction) {
    add_bans(family, direction);
    // To the rules of others, which may still refuse it.
    add(family, direction, "connection-state=established,related action=return", kEstablishedRule);
    for (const Rule* rule : in_order(rules_)) {
      if (rule->direction == direction) add_rule(family, *rule);
    }
    const std::string chain = chain_of(direction);
    text_ += fmt::format(
        ":do {{ {0} firewall filter add chain={1} action=jump jump-target=dozo-{1} comment=\"dozo:jump\" "
        "place-before=([{0} firewall filter find chain={1} dynamic=no]->0) }} on-error={{ {0} firewall filter add "
        "chain={1} action=jump jump-target=dozo-{1} comment=\"dozo:jump\" }}\n",
        path_of(family), chain);
  }

  void add_bans(Family family, Direction direction) {
    for (const Protocol protocol : {Protocol::tcp, Protocol::udp}) {
      const PortSet ports = ports_of(rules_.bans.services, protocol);
      if (ports.empty()) continue;
      const auto drop = [&](std::string_view end) {
        add(family, direction,
            fmt::format("protocol={} dst-port={} {}-address-list={} action=drop", to_string(protocol), to_string(ports),
                        end, kBansList),
            kBansRule);
      };
      if (direction != Direction::out) drop("src");
      if (direction != Direction::in) drop("dst");
    }
  }

  static std::string end_text(const AddressMatch& match, std::string_view end) {
    if (match.kind == AddressMatch::Kind::any) return "";
    return fmt::format(" {}-address-list={}{}", end, match.kind == AddressMatch::Kind::not_in ? "!" : "",
                       list_of(match.set));
  }

  void add_rule(Family family, const Rule& rule) {
    const std::string match = fmt::format("protocol={} dst-port={}{}{}", to_string(rule.protocol),
                                          to_string(rule.ports), end_text(rule.from, "src"), end_text(rule.to, "dst"));
    for (const std::string& secured : secured_by(rule)) {
      if (rule.macs.empty()) {
        add(family, rule.direction, match + secured + action_of(rule), rule.id);
        continue;
      }
      for (const Mac& mac : rules_.mac_sets.at(rule.macs)) {
        add(family, rule.direction,
            fmt::format("{}{} src-mac-address={}{}", match, secured, to_string(mac), action_of(rule)), rule.id);
      }
    }
  }

  // What is passed on is protected on the side it came from, or on the one it leaves by.
  static std::vector<std::string> secured_by(const Rule& rule) {
    if (!rule.requires_ipsec()) return {""};
    std::vector<std::string> ways;
    if (rule.direction != Direction::out) ways.emplace_back(" ipsec-policy=in,ipsec");
    if (rule.direction != Direction::in) ways.emplace_back(" ipsec-policy=out,ipsec");
    return ways;
  }

  static std::string action_of(const Rule& rule) {
    const std::string log = fmt::format(" log=yes log-prefix=\"dozo {}\"", rule.id);
    switch (rule.action) {
      case Action::log:
        return fmt::format(" action=log log-prefix=\"dozo {}\"", rule.id);
      case Action::block:
        return " action=drop" + (rule.log ? log : "");
      case Action::reject:
        return std::string(" action=reject reject-with=") +
               (rule.protocol == Protocol::tcp ? "tcp-reset" : "icmp-port-unreachable") + (rule.log ? log : "");
      case Action::allow:
      case Action::allow_if_secure:
        break;
    }
    return " action=accept" + (rule.log ? log : "");
  }

  const RuleSet& rules_;
  const EmitOptions& options_;
  std::string text_;
};

using Fields = std::map<std::string, std::string>;

// "add chain=x action=y comment="z"": what stands behind the equals signs; nothing when a word has none.
std::optional<Fields> fields_of(const std::vector<std::string>& words, std::size_t from) {
  Fields fields;
  for (std::size_t i = from; i < words.size(); ++i) {
    const std::size_t at = words[i].find('=');
    if (at == std::string::npos) return std::nullopt;
    fields[words[i].substr(0, at)] = words[i].substr(at + 1);
  }
  return fields;
}

// words_of() ends a word where a quoted one begins; here both are one: comment="dozo:x y".
std::vector<std::string> router_words(std::string_view line) {
  std::vector<std::string> words(1);
  bool quoted = false;
  for (const char c : line) {
    if (c == '"') {
      quoted = !quoted;
    } else if (c == ' ' && !quoted) {
      if (!words.back().empty()) words.emplace_back();
    } else {
      words.back() += c;
    }
  }
  if (words.back().empty()) words.pop_back();
  return words;
}

class RouterText {
 public:
  RouterText(std::string_view text, bool everything) : lines_(lines_of(text)), everything_(everything) {}

  Parsed<TextRules> run() {
    std::vector<std::pair<Fields, Family>> rules;
    for (const TextLine& line : lines_) {
      const std::vector<std::string> words = router_words(line.text);
      const bool add =
          words.size() > 4 && (words[0] == "/ip" || words[0] == "/ipv6") && words[1] == "firewall" && words[3] == "add";
      const Family family = words[0] == "/ipv6" ? Family::v6 : Family::v4;
      if (!add) {
        if (everything_ && !is_known(line)) return wrong(line);
        continue;
      }
      const auto fields = fields_of(words, 4);
      if (!fields) return wrong(line);
      const bool ours = value(*fields, "comment").starts_with("dozo");
      if (!ours || value(*fields, "action") == "jump") continue;
      if (words[2] == "address-list" ? !add_address(*fields) : words[2] != "filter") return wrong(line);
      if (words[2] == "filter") rules.emplace_back(*fields, family);
    }
    return matched(rules);
  }

 private:
  static std::unexpected<ParseProblem> wrong(const TextLine& line) {
    return std::unexpected(ParseProblem{line.number, "not a line that dozo writes"});
  }
  static bool is_known(const TextLine& line) {
    return line.text.starts_with('#') || line.text.contains(" firewall filter remove [find comment~\"^dozo:\"]") ||
           line.text.contains(" firewall address-list remove [find comment=\"dozo\"]") ||
           line.text.starts_with(":do { /ip");
  }
  static std::string value(const Fields& fields, const std::string& name) {
    const auto found = fields.find(name);
    return found == fields.end() ? "" : found->second;
  }

  bool add_address(const Fields& fields) {
    const auto range = range_from_string(value(fields, "address"));
    if (!range) return false;
    ranges_[value(fields, "list")].push_back(*range);
    return true;
  }

  Parsed<TextRules> matched(const std::vector<std::pair<Fields, Family>>& rules) {
    for (const auto& [name, ranges] : ranges_) read_.sets[name] = AddressSpace::of(ranges);
    const SetTests sets(read_.sets);
    for (const auto& [fields, family] : rules) {
      auto line = match_line(fields, family, sets);
      if (!line)
        return std::unexpected(ParseProblem{0, "rule " + value(fields, "comment") + " is not as dozo writes it"});
      read_.lines.push_back({line->rule, canonical(fields, family)});
      read_.matches.push_back(std::move(*line));
    }
    return std::move(read_);
  }

  static std::string canonical(const Fields& fields, Family family) {
    std::string text(path_of(family));
    for (const auto& [name, value] : fields) text += fmt::format(" {}={}", name, value);
    return text;
  }

  static std::optional<MatchLine> match_line(const Fields& fields, Family family, const SetTests& sets) {
    MatchLine line{.family = family};
    for (const auto& [name, text] : fields) {
      if (!set_field(line, name, text, sets)) return std::nullopt;
    }
    // What is open goes to the rules of others: allowed, as far as it is ours to say.
    if (line.rule == kEstablishedRule) line.decision = Decision::allow;
    if (line.rule.empty() || !line.direction) return std::nullopt;
    return line;
  }

  static bool set_field(MatchLine& line, const std::string& name, const std::string& text, const SetTests& sets) {
    if (name == "comment") line.rule = without_prefix(text, kRouterosTag).value_or("");
    if (name == "comment" || name == "log" || name == "log-prefix" || name == "reject-with") return true;
    if (name == "connection-state") return line.established_only = true;
    if (name == "ipsec-policy") return line.secure_only = true;
    if (name == "src-address-list") return set_end(line.from, text, sets);
    if (name == "dst-address-list") return set_end(line.to, text, sets);
    if (name == "protocol") return (line.protocol = protocol_from_string(text)).has_value();
    if (name == "chain") return set_chain(line, text);
    if (name == "action") return set_action(line, text);
    if (name == "src-mac-address") {
      const auto mac = mac_from_string(text);
      if (mac) line.macs = {*mac};
      return mac.has_value();
    }
    const auto ports = name == "dst-port" ? ports_from(text) : std::nullopt;
    if (ports) line.ports = *ports;
    return ports.has_value();
  }

  static bool set_end(AddressTest& test, std::string_view list, const SetTests& sets) {
    const bool negated = list.starts_with('!');
    const auto found = sets.test(std::string(list.substr(negated ? 1 : 0)), negated);
    // A list without any address is not there at all: nobody is in it.
    test = found.value_or(AddressTest{std::make_shared<const AddressSpace>(), negated});
    return true;
  }
  static bool set_chain(MatchLine& line, std::string_view chain) {
    if (chain == "dozo-input") line.direction = Direction::in;
    if (chain == "dozo-output") line.direction = Direction::out;
    if (chain == "dozo-forward") line.direction = Direction::forward;
    return line.direction.has_value();
  }
  static bool set_action(MatchLine& line, std::string_view action) {
    if (action == "accept") line.decision = Decision::allow;
    if (action == "drop") line.decision = Decision::block;
    if (action == "reject") line.decision = Decision::reject;
    return line.decision || action == "log" || action == "return";
  }

  std::vector<TextLine> lines_;
  bool everything_;
  std::map<std::string, std::vector<AddressRange>> ranges_;
  TextRules read_;
};

}  // namespace

Compiled emit_routeros(const RuleSet& rules, const EmitOptions& options) {
  Compiled compiled;
  compiled.text = fmt::format("{}: {}\n{}", kRouterosFirstLine, rules.title, RouterEmitter(rules, options).run());
  compiled.undo = fmt::format("{}: undone\n{}{}", kRouterosFirstLine, forget(Family::v4), forget(Family::v6));
  add_gaps_beside_rules(rules, "RouterOS", compiled);
  compiled.notes.emplace_back(
      "connections that were fasttracked pass by every rule: a ban ends them when they are "
      "removed from /ip firewall connection");
  return compiled;
}

Parsed<std::unique_ptr<CompiledRules>> parse_routeros(std::string_view text) {
  if (!text.starts_with(kRouterosFirstLine)) return std::unexpected(ParseProblem{1, "not made by dozo policy compile"});
  auto read = RouterText(text, true).run();
  if (!read) return std::unexpected(read.error());
  return std::make_unique<MatchList>(std::move(read->matches));
}

Parsed<std::vector<Drift>> read_live_routeros(std::string_view live, const RuleSet& rules, const EmitOptions& options) {
  if (!live.contains("/ip")) return std::unexpected(ParseProblem{0, "not what /export terse prints"});
  const auto there = RouterText(live, false).run();
  if (!there) return std::unexpected(there.error());
  const auto wanted = RouterText(emit_routeros(rules, options).text, true).run();
  if (!wanted) return std::unexpected(wanted.error());
  return differences(*there, *wanted);
}

}  // namespace dozo::policy
