// Cisco IOS: an extended list for IPv4 and one for IPv6, on the interface to the outside. First match; the lists keep
// no state, but for what the flags of TCP tell.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <bit>

#include "policy/emit.h"
#include "policy/emit_text.h"
#include "policy/evaluate.h"
#include "policy/text_rules.h"

namespace dozo::policy {
namespace {

constexpr std::string_view kIosFirstLine = "! dozo policy for ios", kIosTag = "dozo:", kRest = "rest";
constexpr std::string_view kList4 = "ip access-list extended DOZO", kList6 = "ipv6 access-list DOZO6";
constexpr std::size_t kEntriesMax = 20'000;  // of one rule and family
constexpr Abilities kIosAbilities{.ipsec = false,
                                  .mac = false,
                                  .name = "an IOS list",
                                  .instead_of_ipsec = "let it through on the tunnel's own interface"};
constexpr Family kFamilies[] = {Family::v4, Family::v6};

std::string end_text(const Prefix& prefix) {
  if (prefix.length == bits_of(prefix.network.family)) return "host " + to_string(prefix.network);
  if (prefix.network.family == Family::v6) return to_string(prefix);
  const AddressNumber wildcard = highest_of(Family::v4) >> prefix.length;
  return fmt::format("{} {}", to_string(prefix.network), to_string(Address{Family::v4, wildcard}));
}

std::vector<std::string> ends_of(const AddressSpace& space, Family family) {
  if (space.family(family) == AddressSpace::everything().family(family)) return {"any"};
  std::vector<std::string> ends;
  for (const Prefix& prefix : space.prefixes(family)) ends.push_back(end_text(prefix));
  return ends;
}

std::string port_text(const Interval<std::uint16_t>& ports) {
  if (ports.first == ports.last) return fmt::format(" eq {}", ports.first);
  return fmt::format(" range {} {}", ports.first, ports.last);
}

class IosEmitter {
 public:
  IosEmitter(const RuleSet& rules, const EmitOptions& options, Compiled& compiled)
      : rules_(rules), options_(options), compiled_(compiled), said_(sayable(rules, kIosAbilities, compiled.gaps)) {
    std::erase_if(said_, [&](const Rule* rule) { return cannot_say(*rule); });
  }

  std::string run() {
    for (const Family family : kFamilies) {
      text_ += fmt::format("{}\n", family == Family::v4 ? kList4 : kList6);
      add_bans(family);
      remark(kEstablishedRule);
      add("permit tcp any any established");
      for (const Rule* rule : said_) add_rule(*rule, family);
      remark(kRest);
      add(family == Family::v4 ? "permit ip any any" : "permit ipv6 any any");
      text_ += "exit\n";
    }
    return std::move(text_);
  }

 private:
  bool cannot_say(const Rule& rule) {
    if (rule.action == Action::log) {
      compiled_.notes.push_back(rule.id + ": an IOS list logs only what it decides");
      return true;
    }
    for (const Family family : kFamilies) {
      const std::size_t entries = ends_of(rules_.addresses_of(rule.from), family).size() *
                                  ends_of(rules_.addresses_of(rule.to), family).size() * rule.ports.intervals().size();
      if (entries <= kEntriesMax) continue;
      compiled_.gaps.push_back(
          {.lack = Lack::too_many,
           .rule = rule.id,
           .looser = class_of(rule) == 5,
           .text = fmt::format("rule {} would be {} entries: it is left out; name fewer networks", rule.id, entries)});
      return true;
    }
    return false;
  }

  void remark(std::string_view id) { add(fmt::format("remark {}{}", kIosTag, id)); }
  void add(std::string_view line) { text_ += fmt::format(" {}\n", line); }

  // Ahead of what is open, and in both directions.
  void add_bans(Family family) {
    std::vector<AddressRange> banned;
    for (const Bans::Entry& entry : bans_at(rules_.bans, options_.now)) banned.push_back(entry.range);
    remark(kBansRule);
    for (const std::string& end : ends_of(AddressSpace::of(banned), family)) {
      for (const Protocol protocol : {Protocol::tcp, Protocol::udp}) {
        for (const auto& ports : ports_of(rules_.bans.services, protocol).intervals()) {
          const std::string port = port_text(ports);
          for (const auto& [from, to] : {std::pair(end, std::string("any")), std::pair(std::string("any"), end)}) {
            add(fmt::format("deny {} {} {}{}", to_string(protocol), from, to, port));
            add(fmt::format("deny {} {}{} {}", to_string(protocol), from, port, to));
          }
        }
      }
    }
  }

  void add_rule(const Rule& rule, Family family) {
    remark(rule.id);
    const std::string_view verb = class_of(rule) == 5 ? "deny" : "permit";
    const auto sources = ends_of(rules_.addresses_of(rule.from), family);
    const auto destinations = ends_of(rules_.addresses_of(rule.to), family);
    for (const std::string& from : sources) {
      for (const std::string& to : destinations) {
        for (const auto& ports : rule.ports.intervals()) {
          add(fmt::format("{} {} {} {}{}{}", verb, to_string(rule.protocol), from, to, port_text(ports),
                          rule.log ? " log" : ""));
        }
      }
    }
  }

  const RuleSet& rules_;
  const EmitOptions& options_;
  Compiled& compiled_;
  std::vector<const Rule*> said_;
  std::string text_;
};

// One entry: "deny tcp host 10.0.0.1 any eq 445 log".
class EntryReader {
 public:
  EntryReader(const std::vector<std::string>& words, Family family) : words_(words), family_(family) {}

  std::optional<MatchLine> run() {
    // Newer systems number the entries they show.
    if (take("sequence")) ++at_;
    if (number_from(word())) ++at_;
    MatchLine line{.family = family_};
    const bool permit = take("permit");
    if (!permit && !take("deny")) return std::nullopt;
    line.decision = permit ? Decision::allow : Decision::block;
    if (!read_protocol(line) || !read_end(line.from)) return std::nullopt;
    if (read_ports()) line.never = true;  // of answers
    if (!read_end(line.to)) return std::nullopt;
    if (const auto ports = read_ports()) line.ports = *ports;
    line.established_only = take("established");
    take("log");
    if (at_ != words_.size()) return std::nullopt;
    return line;
  }

 private:
  std::string word() const { return at_ < words_.size() ? words_[at_] : std::string(); }
  bool take(std::string_view expected) {
    const bool there = word() == expected;
    if (there) ++at_;
    return there;
  }

  bool read_protocol(MatchLine& line) {
    if (take("ip") || take("ipv6")) return true;
    line.protocol = protocol_from_string(word());
    ++at_;
    return line.protocol.has_value();
  }

  bool read_end(AddressTest& test) {
    if (take("any")) return true;
    std::string text;
    if (take("host")) {
      text = word();
    } else if (family_ == Family::v6) {
      text = word();
    } else {
      text = network_with_wildcard();
    }
    ++at_;
    const auto prefix = prefix_from_string(text);
    if (!prefix || prefix->network.family != family_) return false;
    test.among = std::make_shared<const AddressSpace>(AddressSpace::of({range_of(*prefix)}));
    return true;
  }

  std::string network_with_wildcard() {
    const std::string network = word();
    ++at_;
    const auto wildcard = address_from_string(word());
    if (!wildcard || wildcard->family != Family::v4) return "";
    const auto bits = static_cast<std::uint32_t>(wildcard->number);
    if ((bits & (bits + 1)) != 0) return "";  // with holes
    return fmt::format("{}/{}", network, std::countl_zero(bits));
  }

  static std::optional<std::uint64_t> port_from(const std::string& text) {
    if (text == "netbios-ns") return 137;
    if (text == "netbios-dgm") return 138;
    if (text == "netbios-ss") return 139;
    return number_from(text);
  }

  std::optional<PortSet> read_ports() {
    const bool range = word() == "range";
    if (!range && word() != "eq") return std::nullopt;
    ++at_;
    const auto first = port_from(word());
    if (range) ++at_;
    const auto last = port_from(word());
    ++at_;
    if (!first || !last || *first > *last || *last > 0xFFFF) return std::nullopt;
    return PortSet(static_cast<std::uint16_t>(*first), static_cast<std::uint16_t>(*last));
  }

  const std::vector<std::string>& words_;
  Family family_;
  std::size_t at_ = 0;
};

// The entries of our two lists; `everything`: a text of which any other line is a problem.
class IosText {
 public:
  IosText(std::string_view text, bool everything) : lines_(lines_of(text)), everything_(everything) {}

  Parsed<TextRules> run() {
    for (const TextLine& line : lines_) {
      if (line.text.starts_with('!')) {
        family_.reset();
      } else if (line.text == kList4 || line.text == kList6) {
        family_ = line.text == kList4 ? Family::v4 : Family::v6;
        id_.clear();
      } else if (family_ && is_entry(line)) {
        if (!read(line)) return wrong(line);
      } else {
        family_.reset();
        if (everything_ && !is_known(line)) return wrong(line);
      }
    }
    return std::move(read_);
  }

 private:
  static std::unexpected<ParseProblem> wrong(const TextLine& line) {
    return std::unexpected(ParseProblem{line.number, "not a line that dozo writes"});
  }
  static bool is_known(const TextLine& line) {
    static constexpr std::array<std::string_view, 5> kBeginnings = {
        "exit", "interface ", "no ip", "ip access-group DOZO ", "ipv6 traffic-filter DOZO6 "};
    return std::ranges::any_of(kBeginnings, [&](std::string_view b) { return line.text.starts_with(b); });
  }
  static bool is_entry(const TextLine& line) {
    const std::string& first = line.words[0];
    return first == "permit" || first == "deny" || first == "remark" || first == "sequence" ||
           number_from(first).has_value();
  }

  bool read(const TextLine& line) {
    const auto tag = std::ranges::find(line.words, "remark");
    if (tag != line.words.end()) {
      const auto id = std::next(tag) == line.words.end() ? std::nullopt : without_prefix(*std::next(tag), kIosTag);
      id_ = id.value_or("");
      return id.has_value();
    }
    auto entry = EntryReader(line.words, *family_).run();
    if (!entry || id_.empty()) return false;
    std::size_t begin = 0;
    while (line.words[begin] != "permit" && line.words[begin] != "deny") ++begin;
    read_.lines.push_back({id_, fmt::format("{}", fmt::join(line.words.begin() + static_cast<std::ptrdiff_t>(begin),
                                                            line.words.end(), " "))});
    entry->rule = id_;
    if (id_ == kRest) {
      entry->rule.clear();
      entry->decision = Decision::pass;
    }
    read_.matches.push_back(std::move(*entry));
    return true;
  }

  std::vector<TextLine> lines_;
  bool everything_;
  std::optional<Family> family_;
  std::string id_;
  TextRules read_;
};

std::string attached(const EmitOptions& options, std::string_view before) {
  if (options.interface.empty()) return "";
  std::string text = fmt::format("interface {}\n", options.interface);
  for (const std::string_view way : {"in", "out"}) {
    text += fmt::format(" {0}ip access-group DOZO {1}\n {0}ipv6 traffic-filter DOZO6 {1}\n", before, way);
  }
  return text + "exit\n";
}

}  // namespace

Compiled emit_ios(const RuleSet& rules, const EmitOptions& options) {
  Compiled compiled;
  const std::string none = fmt::format("no {}\nno {}\n", kList4, kList6);
  compiled.text = fmt::format("{}: {}\n{}{}{}", kIosFirstLine, rules.title, none,
                              IosEmitter(rules, options, compiled).run(), attached(options, ""));
  compiled.undo = fmt::format("{}: undone\n{}{}", kIosFirstLine, attached(options, "no "), none);
  compiled.gaps.push_back({.lack = Lack::established,
                           .rule = std::string(kEstablishedRule),
                           .protocol = Protocol::udp,
                           .only_established = true,
                           .text = "an IOS list keeps no state: datagrams of open conversations are asked again"});
  add_gaps_beside_rules(rules, "an IOS list", compiled);
  compiled.notes.emplace_back("what has the ACK flag counts as an open connection of TCP");
  if (options.interface.empty()) {
    compiled.notes.emplace_back(
        "put on the interface to the outside, in and out: ip access-group DOZO, "
        "ipv6 traffic-filter DOZO6");
  }
  return compiled;
}

Parsed<std::unique_ptr<CompiledRules>> parse_ios(std::string_view text) {
  if (!text.starts_with(kIosFirstLine)) return std::unexpected(ParseProblem{1, "not made by dozo policy compile"});
  auto read = IosText(text, true).run();
  if (!read) return std::unexpected(read.error());
  return std::make_unique<MatchList>(std::move(read->matches));
}

Parsed<std::vector<Drift>> read_live_ios(std::string_view live, const RuleSet& rules, const EmitOptions& options) {
  const auto there = IosText(live, false).run();
  if (!there) return std::unexpected(there.error());
  if (!live.contains("!") && !live.contains(kList4)) {
    return std::unexpected(ParseProblem{0, "not what `show running-config` prints"});
  }
  const auto wanted = IosText(emit_ios(rules, options).text, true).run();
  if (!wanted) return std::unexpected(wanted.error());
  return differences(*there, *wanted);
}

}  // namespace dozo::policy
