#include "policy/nft_table.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <map>

#include "policy/emit_text.h"

namespace dozo::policy {
namespace {

std::string_view text_of(NftVerdict verdict) {
  switch (verdict) {
    case NftVerdict::accept:
      return " accept";
    case NftVerdict::drop:
      return " drop";
    case NftVerdict::reset:
      return " reject with tcp reset";
    case NftVerdict::reject:
      return " reject";
    case NftVerdict::none:
      break;
  }
  return "";
}

std::string ports_text(const PortSet& ports) {
  std::vector<std::string> parts;
  for (const auto& [first, last] : ports.intervals()) {
    parts.push_back(first == last ? fmt::format("{}", first) : fmt::format("{}-{}", first, last));
  }
  return parts.size() == 1 ? parts.front() : fmt::format("{{ {} }}", fmt::join(parts, ", "));
}

std::string elements_of(const NftSet& set) {
  std::vector<std::string> elements;
  for (const Bans::Entry& entry : set.ranges) {
    const std::string timeout = entry.until ? " timeout " + nft_timeout(*entry.until) : "";
    elements.push_back("\t\t\t" + short_text(entry.range) + timeout);
  }
  for (const Mac& mac : set.macs) elements.push_back("\t\t\t" + to_string(mac));
  if (elements.empty()) return "";
  return fmt::format("\t\telements = {{\n{}\n\t\t}}\n", fmt::join(elements, ",\n"));
}

std::string to_string(const NftSet& set) {
  static constexpr std::string_view kTypes[] = {"ipv4_addr", "ipv6_addr", "ether_addr"};
  std::string text = fmt::format("\tset {} {{\n\t\ttype {}\n", set.name, kTypes[static_cast<std::size_t>(set.type)]);
  if (set.intervals) text += set.timeouts ? "\t\tflags interval, timeout\n" : "\t\tflags interval\n\t\tauto-merge\n";
  if (!set.intervals && set.timeouts) text += "\t\tsize 65536\n\t\tflags timeout\n";
  return text + elements_of(set) + "\t}\n";
}

std::string to_string(const NftChain& chain) {
  std::string text = fmt::format("\tchain {} {{\n\t\t{}\n", chain.name, chain.hook);
  for (const NftRule& rule : chain.rules) text += "\t\t" + to_string(rule) + "\n";
  return text + "\t}\n";
}

std::optional<Decision> decision_of(NftVerdict verdict) {
  if (verdict == NftVerdict::none) return std::nullopt;
  if (verdict == NftVerdict::accept) return Decision::allow;
  return verdict == NftVerdict::drop ? Decision::block : Decision::reject;
}

Direction direction_of(const NftChain& chain) {
  if (chain.name == "input") return Direction::in;
  return chain.name == "output" ? Direction::out : Direction::forward;
}

// Sets are shared by the lines that name them.
class LineMaker {
 public:
  explicit LineMaker(const NftTable& table) : table_(table) {
    for (const NftSet& set : table.sets) spaces_[set.name] = std::make_shared<const AddressSpace>(set.addresses());
  }

  MatchLine line(const NftRule& rule, Direction direction) const {
    MatchLine line{.rule = rule.id, .decision = decision_of(rule.verdict), .direction = direction};
    line.never = !rule.loopback.empty() || rule.replies || rule.source_port;
    line.protocol = rule.protocol;
    line.ports = rule.ports;
    line.secure_only = !rule.ipsec.empty();
    line.established_only = rule.established;
    for (const NftRule::Address& address : rule.addresses) {
      (address.source ? line.from : line.to) = {spaces_.at(address.set), address.negated};
      line.family = address.family;
    }
    if (!rule.mac_set.empty()) line.macs = table_.find_set(rule.mac_set)->macs;
    return line;
  }

 private:
  const NftTable& table_;
  std::map<std::string, std::shared_ptr<const AddressSpace>> spaces_;
};

void compare_sets(const NftTable& live, const NftTable& wanted, std::vector<Drift>& drifts) {
  for (const NftSet& set : wanted.sets) {
    if (set.name == kNftLiveBans4 || set.name == kNftLiveBans6) continue;
    const std::string what = "set " + set.name;
    const NftSet* there = live.find_set(set.name);
    if (there == nullptr) {
      drifts.push_back({Drift::Kind::missing, what, "the set is not there"});
      continue;
    }
    const AddressSpace is = there->addresses(), should = set.addresses();
    for (const AddressRange& range : should.without(is).ranges()) {
      drifts.push_back({Drift::Kind::changed, what, short_text(range) + " is not in it"});
    }
    for (const AddressRange& range : is.without(should).ranges()) {
      drifts.push_back({Drift::Kind::changed, what, short_text(range) + " is in it, and should not be"});
    }
    if (!std::ranges::is_permutation(there->macs, set.macs)) {
      drifts.push_back({Drift::Kind::changed, what, "it has other MAC addresses"});
    }
  }
  for (const NftSet& set : live.sets) {
    if (wanted.find_set(set.name) == nullptr) drifts.push_back({Drift::Kind::extra, "set " + set.name, ""});
  }
}

bool is_in(const std::vector<NftRule>& rules, const NftRule& rule) {
  return std::ranges::find(rules, rule) != rules.end();
}

void compare_chain(const NftChain& live, const NftChain& wanted, std::vector<Drift>& drifts) {
  if (live.hook != wanted.hook) drifts.push_back({Drift::Kind::changed, "chain " + wanted.name, live.hook});
  if (live.rules == wanted.rules) return;
  const std::size_t before = drifts.size();
  const auto what = [&](const NftRule& rule) {
    return fmt::format("rule {} in {}", rule.id.empty() ? "of somebody else" : rule.id, wanted.name);
  };
  for (const NftRule& rule : wanted.rules) {
    if (!is_in(live.rules, rule)) drifts.push_back({Drift::Kind::missing, what(rule), to_string(rule)});
  }
  for (const NftRule& rule : live.rules) {
    if (!is_in(wanted.rules, rule)) drifts.push_back({Drift::Kind::extra, what(rule), to_string(rule)});
  }
  if (drifts.size() == before) {
    drifts.push_back({Drift::Kind::changed, "chain " + wanted.name, "its rules are in another order, or there twice"});
  }
}

}  // namespace

std::string to_string(const NftRule& rule) {
  std::string text;
  if (!rule.loopback.empty()) text += fmt::format(" {} \"lo\"", rule.loopback);
  if (rule.established) text += " ct state established,related";
  for (const NftRule::Address& a : rule.addresses) {
    text += fmt::format(" {} {} {}@{}", a.family == Family::v4 ? "ip" : "ip6", a.source ? "saddr" : "daddr",
                        a.negated ? "!= " : "", a.set);
  }
  if (!rule.mac_set.empty()) text += " ether saddr @" + rule.mac_set;
  if (rule.protocol) {
    text += fmt::format(" {} {} {}", to_string(*rule.protocol), rule.source_port ? "sport" : "dport",
                        ports_text(rule.ports));
  }
  if (rule.replies) text += " ct direction reply";
  if (!rule.ipsec.empty()) text += fmt::format(" {} ipsec exists", rule.ipsec);
  if (!rule.log_prefix.empty()) {
    text += fmt::format(" limit rate 10/second burst 20 packets log prefix \"{}\"", rule.log_prefix);
  }
  if (rule.counter) text += " counter";
  if (!rule.other.empty()) text += " " + rule.other;
  text += text_of(rule.verdict);
  if (!rule.id.empty()) text += fmt::format(" comment \"{}{}\"", kNftTag, rule.id);
  return text.substr(1);
}

std::string nft_hook(std::string_view chain) {
  return fmt::format("type filter hook {} priority -10; policy accept;", chain);
}

AddressSpace NftSet::addresses() const {
  std::vector<AddressRange> all;
  for (const Bans::Entry& entry : ranges) all.push_back(entry.range);
  return AddressSpace::of(all);
}

const NftSet* NftTable::find_set(std::string_view name) const {
  const auto found = std::ranges::find(sets, name, &NftSet::name);
  return found == sets.end() ? nullptr : &*found;
}

const NftChain* NftTable::find_chain(std::string_view name) const {
  const auto found = std::ranges::find(chains, name, &NftChain::name);
  return found == chains.end() ? nullptr : &*found;
}

std::string to_string(const NftTable& table) {
  std::string text = "table inet dozo {\n";
  for (const NftSet& set : table.sets) text += to_string(set);
  for (const NftChain& chain : table.chains) text += to_string(chain);
  return text + "}\n";
}

std::vector<MatchLine> match_lines(const NftTable& table) {
  const LineMaker maker(table);
  std::vector<MatchLine> lines;
  for (const NftChain& chain : table.chains) {
    for (const NftRule& rule : chain.rules) lines.push_back(maker.line(rule, direction_of(chain)));
  }
  return lines;
}

std::vector<Drift> differences(const NftTable& live, const NftTable& wanted) {
  std::vector<Drift> drifts;
  compare_sets(live, wanted, drifts);
  for (const NftChain& chain : wanted.chains) {
    const NftChain* there = live.find_chain(chain.name);
    if (there == nullptr) {
      drifts.push_back({Drift::Kind::missing, "chain " + chain.name, "the chain is not there"});
    } else {
      compare_chain(*there, chain, drifts);
    }
  }
  for (const NftChain& chain : live.chains) {
    if (wanted.find_chain(chain.name) == nullptr) drifts.push_back({Drift::Kind::extra, "chain " + chain.name, ""});
  }
  return drifts;
}

std::string nft_timeout(std::int64_t seconds) {
  std::string text;
  for (const auto& [unit, length] : {std::pair{'d', 86400}, {'h', 3600}, {'m', 60}, {'s', 1}}) {
    if (seconds / length != 0) text += fmt::format("{}{}", seconds / length, unit);
    seconds %= length;
  }
  return text.empty() ? "0s" : text;
}

std::optional<std::int64_t> nft_timeout_from(std::string_view text) {
  std::int64_t seconds = 0;
  while (!text.empty()) {
    const std::size_t end = text.find_first_of("dhms");
    const auto number = number_from(text.substr(0, end));
    if (end == text.npos || !number || *number > 10'000'000'000) return std::nullopt;
    const char unit = text[end];
    const std::int64_t length = unit == 'd' ? 86400 : unit == 'h' ? 3600 : unit == 'm' ? 60 : 1;
    seconds += static_cast<std::int64_t>(*number) * length;
    text.remove_prefix(end + 1);
  }
  return seconds;
}

}  // namespace dozo::policy
