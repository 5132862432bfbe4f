// The table of ours from its text, as nft_table.cc writes it. Anything else is a problem.
#include <fmt/format.h>

#include <algorithm>

#include "policy/emit_text.h"
#include "policy/nft_table.h"

namespace dozo::policy {
namespace {

using Words = std::vector<std::string>;

// One rule, word by word.
class RuleReader {
 public:
  explicit RuleReader(const Words& words) : words_(words) {}

  std::optional<NftRule> run() {
    while (at_ < words_.size()) {
      if (!read_one()) return std::nullopt;
    }
    if (rule_.id.empty()) return std::nullopt;  // not tagged as ours
    return std::move(rule_);
  }

 private:
  bool take(std::initializer_list<std::string_view> expected) {
    if (words_.size() - at_ < expected.size()) return false;
    if (!std::equal(expected.begin(), expected.end(), words_.begin() + static_cast<std::ptrdiff_t>(at_))) return false;
    at_ += expected.size();
    return true;
  }
  std::string next() { return at_ < words_.size() ? words_[at_++] : std::string(); }

  bool read_one() {
    if (take({"ct", "state", "established,related"})) return rule_.established = true;
    if (take({"ct", "direction", "reply"})) return rule_.replies = true;
    if (take({"counter"})) return rule_.counter = true;
    if (take({"limit", "rate", "10/second", "burst", "20", "packets", "log", "prefix"})) {
      rule_.log_prefix = next();
      return !rule_.log_prefix.empty();
    }
    if (take({"ether", "saddr"})) return set_into(rule_.mac_set);
    if (take({"comment"})) {
      rule_.id = without_prefix(next(), kNftTag).value_or("");
      return !rule_.id.empty();
    }
    return read_address() || read_ports() || read_interface() || read_verdict();
  }

  bool read_interface() {
    for (const std::string_view key : {"iif", "oif"}) {
      if (!take({key, "lo"})) continue;
      rule_.loopback = key;
      return true;
    }
    for (const std::string_view key : {"meta", "rt"}) {
      if (!take({key, "ipsec", "exists"})) continue;
      rule_.ipsec = key;
      return true;
    }
    return false;
  }

  bool read_address() {
    for (const Family family : {Family::v4, Family::v6}) {
      for (const bool source : {true, false}) {
        if (!take({family == Family::v4 ? "ip" : "ip6", source ? "saddr" : "daddr"})) continue;
        NftRule::Address address{source, family, take({"!="}), ""};
        if (!set_into(address.set)) return false;
        rule_.addresses.push_back(std::move(address));
        return true;
      }
    }
    return false;
  }

  bool set_into(std::string& name) {
    const auto set = without_prefix(next(), "@");
    if (set) name = *set;
    return set && !set->empty();
  }

  bool read_ports() {
    const auto protocol = at_ < words_.size() ? protocol_from_string(words_[at_]) : std::nullopt;
    if (!protocol) return false;
    ++at_;
    rule_.protocol = protocol;
    rule_.source_port = take({"sport"});
    if (!rule_.source_port && !take({"dport"})) return false;
    std::string ports = next();
    if (ports == "{") {
      ports.clear();
      for (std::string word = next(); word != "}"; word = next()) {
        if (word.empty()) return false;
        ports += word;
      }
    }
    const auto read = ports_from(ports);
    if (read) rule_.ports = *read;
    return read.has_value();
  }

  bool read_verdict() {
    if (take({"accept"})) return is(NftVerdict::accept);
    if (take({"drop"})) return is(NftVerdict::drop);
    if (take({"reject", "with", "tcp", "reset"})) return is(NftVerdict::reset);
    return take({"reject"}) && is(NftVerdict::reject);
  }
  bool is(NftVerdict verdict) {
    rule_.verdict = verdict;
    return true;
  }

  const Words& words_;
  std::size_t at_ = 0;
  NftRule rule_;
};

std::optional<NftSet::Type> type_from(std::string_view text) {
  if (text == "ipv4_addr") return NftSet::Type::v4;
  if (text == "ipv6_addr") return NftSet::Type::v6;
  if (text == "ether_addr") return NftSet::Type::mac;
  return std::nullopt;
}

bool add_element(NftSet& set, std::string_view text) {
  if (text.ends_with(',')) text.remove_suffix(1);
  const Words words = words_of(text);
  if (set.type == NftSet::Type::mac) {
    const auto mac = words.size() == 1 ? mac_from_string(words[0]) : std::nullopt;
    if (mac) set.macs.push_back(*mac);
    return mac.has_value();
  }
  if (words.size() != 1 && !(words.size() == 3 && words[1] == "timeout")) return false;
  const auto range = range_from_string(words[0]);
  const auto timeout = words.size() == 3 ? nft_timeout_from(words[2]) : std::nullopt;
  if (!range || (words.size() == 3 && !timeout)) return false;
  set.ranges.push_back({*range, timeout});
  return true;
}

class TableReader {
 public:
  explicit TableReader(std::string_view text) : lines_(lines_of(text)) {
    std::erase_if(lines_, [](const TextLine& line) { return line.text.starts_with('#'); });
  }

  Parsed<NftTable> run() {
    for (const std::string_view line : {"table inet dozo", "delete table inet dozo", "table inet dozo {"}) {
      if (!take(line)) return wrong("expected \"{}\"", line);
    }
    while (!take("}")) {
      if (done()) return wrong("the text ends in the table");
      if (auto problem = section()) return std::unexpected(*problem);
    }
    if (!done()) return wrong("there is more than the table");
    if (auto problem = undefined_set()) return std::unexpected(*problem);
    return std::move(table_);
  }

 private:
  bool done() const { return at_ == lines_.size(); }
  bool take(std::string_view text) {
    const bool there = !done() && lines_[at_].text == text;
    if (there) ++at_;
    return there;
  }
  template <class... T>
  std::unexpected<ParseProblem> wrong(fmt::format_string<T...> format, T&&... values) const {
    const std::uint32_t number = done() ? 0 : lines_[at_].number;
    return std::unexpected(ParseProblem{number, fmt::format(format, std::forward<T>(values)...)});
  }
  ParseProblem not_ours() const { return wrong("not a line that dozo writes here").error(); }

  std::optional<ParseProblem> section() {
    const Words& words = lines_[at_].words;
    if (words.size() != 3 || words[2] != "{") return not_ours();
    const std::string kind = words[0], name = words[1];
    ++at_;
    if (kind == "set") return read_set(name);
    if (kind == "chain") return read_chain(name);
    --at_;
    return not_ours();
  }

  std::optional<ParseProblem> read_set(const std::string& name) {
    NftSet set{.name = name};
    while (!take("}")) {
      if (done()) return not_ours();
      const Words& words = lines_[at_].words;
      const bool known = set_property(set, words);
      if (!known) return not_ours();
      ++at_;
      if (words[0] != "elements") continue;
      for (; !take("}"); ++at_) {
        if (done() || !add_element(set, lines_[at_].text)) return not_ours();
      }
    }
    table_.sets.push_back(std::move(set));
    return std::nullopt;
  }

  static bool set_property(NftSet& set, const Words& words) {
    if (words == Words{"auto-merge"} || words == Words{"size", "65536"} || words == Words{"elements", "=", "{"}) {
      return true;
    }
    if (words.size() == 2 && words[0] == "type") {
      const auto type = type_from(words[1]);
      set.type = type.value_or(NftSet::Type::v4);
      return type.has_value();
    }
    if (words.empty() || words[0] != "flags") return false;
    set.intervals = std::ranges::any_of(words, [](const std::string& w) { return w.starts_with("interval"); });
    set.timeouts = words.back() == "timeout";
    return true;
  }

  std::optional<ParseProblem> read_chain(const std::string& name) {
    NftChain chain{.name = name, .hook = nft_hook(name)};
    if ((name != "input" && name != "output" && name != "forward") || !take(chain.hook)) return not_ours();
    for (; !take("}"); ++at_) {
      auto rule = done() ? std::nullopt : RuleReader(lines_[at_].words).run();
      if (!rule) return not_ours();
      chain.rules.push_back(std::move(*rule));
    }
    table_.chains.push_back(std::move(chain));
    return std::nullopt;
  }

  std::optional<ParseProblem> undefined_set() const {
    for (const NftChain& chain : table_.chains) {
      for (const NftRule& rule : chain.rules) {
        std::vector<std::string> names;
        for (const NftRule::Address& address : rule.addresses) names.push_back(address.set);
        if (!rule.mac_set.empty()) names.push_back(rule.mac_set);
        for (const std::string& name : names) {
          if (table_.find_set(name) == nullptr) return ParseProblem{0, fmt::format("there is no set {}", name)};
        }
      }
    }
    return std::nullopt;
  }

  std::vector<TextLine> lines_;
  std::size_t at_ = 0;
  NftTable table_;
};

}  // namespace

Parsed<NftTable> nft_table_from_text(std::string_view text) { return TableReader(text).run(); }

}  // namespace dozo::policy
