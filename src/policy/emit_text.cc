#include "policy/emit_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <map>
#include <set>

#include "policy/evaluate.h"

namespace dozo::policy {
namespace {

bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\r'; }

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_blank(text.back())) text.remove_suffix(1);
  return text;
}

bool is_looser_without(const Rule& rule) { return class_of(rule) == 5; }

Gap ipsec_gap(const Rule& rule, const Abilities& abilities) {
  return {
      .lack = Lack::ipsec,
      .rule = rule.id,
      .text = fmt::format("{} cannot tell what IPsec protects: rule {} is left out, and nothing is allowed by it; {}",
                          abilities.name, rule.id, abilities.instead_of_ipsec)};
}

Gap mac_gap(const Rule& rule, const Abilities& abilities) {
  return {.lack = Lack::mac,
          .rule = rule.id,
          .looser = is_looser_without(rule),
          .text = fmt::format("{} does not see MAC addresses: rule {} is left out; filter them in the switch",
                              abilities.name, rule.id)};
}

std::optional<Address> following(const Address& address) {
  if (address.number == highest_of(address.family)) return std::nullopt;
  return Address{address.family, address.number + 1};
}

// The later end; no end is the latest.
std::optional<std::int64_t> later(std::optional<std::int64_t> a, std::optional<std::int64_t> b) {
  if (!a || !b) return std::nullopt;
  return std::max(*a, *b);
}

}  // namespace

std::vector<const Rule*> in_order(const RuleSet& rules) {
  std::vector<const Rule*> ordered;
  for (const Rule& rule : rules.rules) ordered.push_back(&rule);
  // One vector: where they lie is the order of the set.
  std::ranges::sort(ordered, {}, [](const Rule* rule) { return std::pair(class_of(*rule).value_or(0), rule); });
  return ordered;
}

std::vector<const Rule*> sayable(const RuleSet& rules, const Abilities& abilities, std::vector<Gap>& gaps) {
  std::vector<const Rule*> said;
  for (const Rule* rule : in_order(rules)) {
    if (rule->requires_ipsec() && !abilities.ipsec) {
      gaps.push_back(ipsec_gap(*rule, abilities));
    } else if (!rule->macs.empty() && !abilities.mac) {
      gaps.push_back(mac_gap(*rule, abilities));
    } else {
      said.push_back(rule);
    }
  }
  return said;
}

void add_gaps_beside_rules(const RuleSet& rules, std::string_view backend, Compiled& compiled) {
  for (const ConnectionSecurity& security : rules.connection_security) {
    compiled.gaps.push_back({.lack = Lack::connection_rules,
                             .rule = security.id,
                             .text = fmt::format("{} does not set up IPsec: \"{}\" has to be set up beside it, on both "
                                                 "ends, and until then nothing counts as protected",
                                                 backend, security.name)});
  }
  for (const ServiceState& state : rules.services) {
    if (!state.stop) continue;
    const std::string_view which = state.service == SystemService::server ? "SMB server" : "SMB client";
    compiled.notes.push_back(fmt::format("the {} may be stopped and disabled here: {}", which, state.why));
  }
}

std::vector<Bans::Entry> bans_at(const Bans& bans, std::int64_t now) {
  const auto ended = [&](const Bans::Entry& entry) { return entry.until && *entry.until <= now; };
  std::set<Address> cuts;  // where an entry begins, and behind its end
  for (const Bans::Entry& entry : bans.entries) {
    if (ended(entry)) continue;
    cuts.insert(entry.range.first);
    if (const auto behind = following(entry.range.last)) cuts.insert(*behind);
  }
  std::map<Address, Bans::Entry> pieces;  // by where they begin
  for (const Bans::Entry& entry : bans.entries) {
    if (ended(entry)) continue;
    for (auto cut = cuts.find(entry.range.first); cut != cuts.end() && *cut <= entry.range.last; ++cut) {
      const auto next = std::next(cut);
      const bool inside = next != cuts.end() && *next <= entry.range.last;
      const Address last = inside ? Address{cut->family, next->number - 1} : entry.range.last;
      const auto [piece, fresh] = pieces.insert({*cut, {{*cut, last}, entry.until}});
      if (!fresh) piece->second.until = later(piece->second.until, entry.until);
    }
  }
  std::vector<Bans::Entry> disjoint;
  for (const auto& [first, piece] : pieces) disjoint.push_back(piece);
  return disjoint;
}

PortSet ports_of(const std::vector<Service>& services, Protocol protocol) {
  PortSet ports;
  for (const Service& service : services) {
    if (service.protocol == protocol) ports = ports.united(service.ports);
  }
  return ports;
}

std::string short_text(const AddressRange& range) {
  if (range.first == range.last) return to_string(range.first);
  const auto prefixes = AddressSpace::of({range}).prefixes();
  if (prefixes.size() == 1) return to_string(prefixes.front());
  return to_string(range.first) + "-" + to_string(range.last);
}

std::vector<std::string> words_of(std::string_view line) {
  std::vector<std::string> words;
  bool inside = false, quoted = false;
  for (const char c : line) {
    if (c == '"') {
      quoted = !quoted;
      if (quoted) words.emplace_back();
      inside = quoted;
    } else if (!quoted && is_blank(c)) {
      inside = false;
    } else {
      if (!inside) words.emplace_back();
      inside = true;
      words.back() += c;
    }
  }
  return words;
}

std::vector<TextLine> lines_of(std::string_view text) {
  std::vector<TextLine> lines;
  std::uint32_t number = 0;
  for (const std::string& line : split(text, '\n')) {
    ++number;
    const std::string_view held = trimmed(line);
    if (!held.empty()) lines.push_back({number, std::string(held), words_of(held)});
  }
  return lines;
}

std::vector<std::string> split(std::string_view text, char separator) {
  std::vector<std::string> parts;
  for (std::size_t at = 0;;) {
    const std::size_t end = text.find(separator, at);
    parts.emplace_back(text.substr(at, end == text.npos ? end : end - at));
    if (end == text.npos) return parts;
    at = end + 1;
  }
}

std::optional<std::uint64_t> number_from(std::string_view text) {
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

std::optional<PortSet> ports_from(std::string_view text) {
  std::vector<Interval<std::uint16_t>> intervals;
  for (const std::string& part : split(text, ',')) {
    const std::size_t dash = part.find('-');
    const auto first = number_from(std::string_view(part).substr(0, dash));
    const auto last = dash == part.npos ? first : number_from(std::string_view(part).substr(dash + 1));
    if (!first || !last || *first > *last || *last > 0xFFFF) return std::nullopt;
    intervals.push_back({static_cast<std::uint16_t>(*first), static_cast<std::uint16_t>(*last)});
  }
  return PortSet::of(std::move(intervals));
}

std::optional<std::string> without_prefix(std::string_view text, std::string_view prefix) {
  if (!text.starts_with(prefix)) return std::nullopt;
  return std::string(text.substr(prefix.size()));
}

}  // namespace dozo::policy
