// pf: rules and tables of an anchor of our own. The last match decides, but every rule of ours is `quick`.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "policy/emit.h"
#include "policy/emit_text.h"
#include "policy/evaluate.h"
#include "policy/text_rules.h"

namespace dozo::policy {
namespace {

constexpr std::string_view kPfFirstLine = "# dozo policy for pf";
constexpr std::string_view kPfTag = "dozo:";
constexpr Abilities kPfAbilities{.mac = false, .name = "pf"};

// "[pass|match|block drop|block return] in log quick on enc0 proto tcp from … to … port … label …"
struct PfRule {
  std::string action;
  std::string direction;  // "in", "out"
  bool log = false;
  bool quick = true;
  std::string interface;
  std::optional<Protocol> protocol;
  std::string from = "any", to = "any";  // "<dozo_x>", "! <dozo_x>"
  std::optional<Interval<std::uint16_t>> port;
  std::string id;
};

std::string to_string(const PfRule& rule) {
  std::string text = rule.action;
  if (!rule.direction.empty()) text += " " + rule.direction;
  if (rule.log) text += " log";
  if (rule.quick) text += " quick";
  if (!rule.interface.empty()) text += " on " + rule.interface;
  if (rule.protocol) text += fmt::format(" proto {}", to_string(*rule.protocol));
  text += fmt::format(" from {} to {}", rule.from, rule.to);
  if (rule.port && rule.port->first == rule.port->last) text += fmt::format(" port {}", rule.port->first);
  if (rule.port && rule.port->first != rule.port->last) {
    text += fmt::format(" port {}:{}", rule.port->first, rule.port->last);
  }
  return fmt::format("{} label \"{}{}\"", text, kPfTag, rule.id);
}

std::string table_name(std::string_view set) { return fmt::format("<dozo_{}>", set); }

std::string table_text(std::string_view set, const AddressSpace& space) {
  std::vector<std::string> parts;
  for (const Prefix& prefix : space.prefixes()) parts.push_back("  " + to_string(prefix));
  return fmt::format("table {} {{\n{}{}}}\n", table_name(set), fmt::join(parts, "\n"), parts.empty() ? "" : "\n");
}

std::string end_text(const AddressMatch& match) {
  if (match.kind == AddressMatch::Kind::any) return "any";
  return (match.kind == AddressMatch::Kind::not_in ? "! " : "") + table_name(match.set);
}

class PfEmitter {
 public:
  PfEmitter(const RuleSet& rules, const EmitOptions& options, Compiled& compiled)
      : rules_(rules), options_(options), compiled_(compiled) {}

  std::string run() {
    std::vector<AddressRange> banned;
    for (const Bans::Entry& entry : bans_at(rules_.bans, options_.now)) banned.push_back(entry.range);
    // A table's name that no set's can be: sets begin with a letter.
    text_ += table_text("0bans", AddressSpace::of(banned));
    for (const auto& [name, set] : rules_.sets) text_ += table_text(name, set.addresses);
    add({.action = "pass", .interface = "lo0", .id = std::string(kLoopbackRule)});
    add_bans();
    for (const Rule* rule : sayable(rules_, kPfAbilities, compiled_.gaps)) add_rule(*rule);
    return std::move(text_);
  }

 private:
  void add(const PfRule& rule) { text_ += to_string(rule) + "\n"; }

  void add_ports(PfRule rule, const PortSet& ports) {
    for (const auto& interval : ports.intervals()) {
      rule.port = interval;
      add(rule);
    }
  }

  void add_bans() {
    for (const Protocol protocol : {Protocol::tcp, Protocol::udp}) {
      const PortSet ports = ports_of(rules_.bans.services, protocol);
      PfRule rule{.action = "block drop", .protocol = protocol, .id = std::string(kBansRule)};
      rule.direction = "in";
      rule.from = table_name("0bans");
      add_ports(rule, ports);
      if (rules_.mode == Mode::host) rule.direction = "out";
      std::swap(rule.from, rule.to);
      add_ports(rule, ports);
    }
  }

  void add_rule(const Rule& rule) {
    PfRule line{.action = rule.action == Action::log      ? "match"
                          : rule.action == Action::block  ? "block drop"
                          : rule.action == Action::reject ? "block return"
                                                          : "pass",
                .direction = rule.direction == Direction::out ? "out" : "in",
                .log = rule.log || rule.action == Action::log,
                .quick = rule.action != Action::log,
                .interface = rule.requires_ipsec() ? "enc0" : "",
                .protocol = rule.protocol,
                .from = end_text(rule.from),
                .to = end_text(rule.to),
                .id = rule.id};
    add_ports(line, rule.ports);
  }

  const RuleSet& rules_;
  const EmitOptions& options_;
  Compiled& compiled_;
  std::string text_;
};

// One line, word by word; also as `pfctl -s rules` spells it.
class PfReader {
 public:
  explicit PfReader(const std::vector<std::string>& words) : words_(words) {}

  std::optional<PfRule> run() {
    if (!read_action()) return std::nullopt;
    for (const std::string_view direction : {"in", "out"}) {
      if (take(direction)) rule_.direction = direction;
    }
    rule_.log = take("log");
    rule_.quick = take("quick");
    if (take("on")) rule_.interface = next();
    if (take("proto")) {
      rule_.protocol = protocol_from_string(next());
      if (!rule_.protocol) return std::nullopt;
    }
    if (!take("all") && !read_ends()) return std::nullopt;
    // What pfctl adds to rules that keep states.
    if (take("flags") && next().empty()) return std::nullopt;
    if (take("keep") && !take("state")) return std::nullopt;
    if (!take("label")) return std::nullopt;
    rule_.id = without_prefix(next(), kPfTag).value_or("");
    if (rule_.id.empty() || at_ != words_.size()) return std::nullopt;
    return std::move(rule_);
  }

 private:
  bool take(std::string_view word) {
    const bool there = at_ < words_.size() && words_[at_] == word;
    if (there) ++at_;
    return there;
  }
  std::string next() { return at_ < words_.size() ? words_[at_++] : std::string(); }

  bool read_action() {
    rule_.action = next();
    if (rule_.action == "pass" || rule_.action == "match") return true;
    if (rule_.action != "block") return false;
    const std::string how = next();
    rule_.action += " " + how;
    return how == "drop" || how == "return";
  }

  bool read_ends() {
    if (!take("from")) return false;
    rule_.from = read_end();
    if (!take("to")) return false;
    rule_.to = read_end();
    if (!take("port")) return true;
    take("=");
    std::string word = next();
    std::ranges::replace(word, ':', '-');
    if (word == "microsoft-ds") word = "445";
    if (word == "netbios-ssn") word = "139";
    const auto ports = ports_from(word);
    if (!ports || ports->intervals().size() != 1) return false;
    rule_.port = ports->intervals().front();
    return true;
  }

  std::string read_end() {
    if (take("!")) return "! " + next();
    std::string word = next();
    return word.starts_with('!') ? "! " + word.substr(1) : word;
  }

  const std::vector<std::string>& words_;
  std::size_t at_ = 0;
  PfRule rule_;
};

bool set_end(AddressTest& test, std::string name, const SetTests& sets) {
  if (name == "any") return true;
  const bool negated = name.starts_with("! ");
  if (negated) name = name.substr(2);
  const auto found = sets.test(name, negated);
  if (found) test = *found;
  return found.has_value();
}

std::optional<MatchLine> match_line(const PfRule& rule, const SetTests& sets, bool perimeter) {
  MatchLine line{.rule = rule.id, .final = rule.quick, .protocol = rule.protocol};
  if (rule.action != "match") {
    line.decision = rule.action == "pass"         ? Decision::allow
                    : rule.action == "block drop" ? Decision::block
                                                  : Decision::reject;
  }
  line.never = rule.interface == "lo0";
  line.secure_only = rule.interface == "enc0";
  line.direction = perimeter ? Direction::forward : rule.direction == "out" ? Direction::out : Direction::in;
  if (rule.port) line.ports = PortSet(rule.port->first, rule.port->last);
  if (!set_end(line.from, rule.from, sets) || !set_end(line.to, rule.to, sets)) return std::nullopt;
  return line;
}

// `table <x> {` and its prefixes, or `table <x>` and them to the next line that is none.
class PfText {
 public:
  PfText(std::string_view text, bool perimeter) : lines_(lines_of(text)), perimeter_(perimeter) {}

  Parsed<TextRules> run() {
    std::vector<std::pair<PfRule, std::uint32_t>> rules;
    for (; at_ < lines_.size(); ++at_) {
      const TextLine& line = lines_[at_];
      if (line.text.starts_with('#')) continue;
      if (line.words[0] == "table") {
        if (!read_table()) return wrong(lines_[std::min(at_, lines_.size() - 1)]);
        continue;
      }
      auto rule = PfReader(line.words).run();
      if (!rule) return wrong(line);
      read_.lines.push_back({rule->id, to_string(*rule)});
      rules.emplace_back(std::move(*rule), line.number);
    }
    const SetTests sets(read_.sets);
    for (const auto& [rule, number] : rules) {
      auto match = match_line(rule, sets, perimeter_);
      if (!match) return std::unexpected(ParseProblem{number, "there is no such table"});
      read_.matches.push_back(std::move(*match));
    }
    return std::move(read_);
  }

 private:
  static std::unexpected<ParseProblem> wrong(const TextLine& line) {
    return std::unexpected(ParseProblem{line.number, "not a line that dozo writes"});
  }

  bool read_table() {
    const auto& words = lines_[at_].words;
    if (words.size() < 2) return false;
    const std::string name = words[1];
    const bool braces = words.size() == 3 && words[2] == "{";
    std::vector<AddressRange> ranges;
    for (++at_; at_ < lines_.size(); ++at_) {
      if (braces && lines_[at_].text == "}") break;
      const auto prefix = prefix_from_string(lines_[at_].text);
      if (!prefix && braces) return false;
      if (!prefix) {
        --at_;
        break;
      }
      ranges.push_back(range_of(*prefix));
    }
    if (braces && at_ == lines_.size()) return false;
    read_.sets[name] = AddressSpace::of(ranges);
    return true;
  }

  std::vector<TextLine> lines_;
  bool perimeter_;
  std::size_t at_ = 0;
  TextRules read_;
};

bool is_perimeter(std::string_view text) {
  return text.substr(0, text.find('\n')).starts_with(std::string(kPfFirstLine) + ", passing on");
}

}  // namespace

Compiled emit_pf(const RuleSet& rules, const EmitOptions& options) {
  Compiled compiled;
  const bool perimeter = rules.mode == Mode::perimeter;
  const std::string head = fmt::format("{}{}: {}\n", kPfFirstLine, perimeter ? ", passing on" : "", rules.title);
  compiled.text = fmt::format("{}# pfctl -a dozo -f FILE; /etc/pf.conf has the line: anchor \"dozo\"\n{}", head,
                              PfEmitter(rules, options, compiled).run());
  compiled.undo = fmt::format("{}# pfctl -a dozo -f FILE: an anchor without any rule\n", head);
  if (!rules.bans.services.empty()) {
    compiled.gaps.push_back(ban_gap("pf", "end them with pfctl -k ADDRESS"));
  }
  add_gaps_beside_rules(rules, "pf", compiled);
  if (perimeter) {
    compiled.notes.emplace_back(
        "pf does not tell what it passes on from what is for itself: the rules hold for both, where they arrive");
  }
  if (std::ranges::any_of(rules.rules, &Rule::requires_ipsec)) {
    compiled.notes.emplace_back("what IPsec protects is what passes the interface enc0, which has to be up");
  }
  return compiled;
}

Parsed<std::unique_ptr<CompiledRules>> parse_pf(std::string_view text) {
  if (!text.starts_with(kPfFirstLine)) return std::unexpected(ParseProblem{1, "not made by dozo policy compile"});
  auto read = PfText(text, is_perimeter(text)).run();
  if (!read) return std::unexpected(read.error());
  return std::make_unique<StatefulRules>(std::move(read->matches));
}

Parsed<std::vector<Drift>> read_live_pf(std::string_view live, const RuleSet& rules, const EmitOptions& options) {
  const auto there = PfText(live, rules.mode == Mode::perimeter).run();
  if (!there) return std::unexpected(there.error());
  const auto wanted = PfText(emit_pf(rules, options).text, rules.mode == Mode::perimeter).run();
  if (!wanted) return std::unexpected(wanted.error());
  return differences(*there, *wanted);
}

}  // namespace dozo::policy
