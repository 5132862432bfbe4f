// What emitters and readers of text share: the order of rules, splitting into lines and words, small spellings.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "policy/backend.h"

namespace dozo::policy {

// The rules as a firewall that takes the first match has to list them: log rules, then class after class
// (policy/evaluate.h), each in the order of the set.
std::vector<const Rule*> in_order(const RuleSet& rules);

// Which rules a backend leaves out, and a Gap for each.
struct Abilities {
  bool ipsec = true;
  bool mac = true;
  std::string_view name;              // of the backend, for the gaps' texts
  std::string_view instead_of_ipsec;  // "use an interface of the tunnel": ends a sentence
};
// in_order() without the rules that the backend cannot say; what it cannot is added to `gaps`.
std::vector<const Rule*> sayable(const RuleSet& rules, const Abilities& abilities, std::vector<Gap>& gaps);

// Decisions that are made for no Rule: gaps for IPsec that cannot be set up, notes for services and for bans' ends.
void add_gaps_beside_rules(const RuleSet& rules, std::string_view backend, Compiled& compiled);

// Bans that have not ended, without overlaps: where two meet, the longer one holds.
std::vector<Bans::Entry> bans_at(const Bans& bans, std::int64_t now);
// The ports closed to the banned, by protocol.
PortSet ports_of(const std::vector<Service>& services, Protocol protocol);

// "10.0.0.0/8", "10.0.0.1" or "10.0.0.1-10.0.0.9", whichever is shortest.
std::string short_text(const AddressRange& range);

// A text's lines that hold something, split at blanks. What stands between quotes is one word, without them.
struct TextLine {
  std::uint32_t number = 0;  // from 1
  std::string text;          // without blanks at both ends
  std::vector<std::string> words;
};
std::vector<TextLine> lines_of(std::string_view text);
std::vector<std::string> words_of(std::string_view line);
std::vector<std::string> split(std::string_view text, char separator);
std::optional<std::uint64_t> number_from(std::string_view text);
std::optional<PortSet> ports_from(std::string_view text);  // "139,445,5000-5010"
// Without the prefix, when it begins with it.
std::optional<std::string> without_prefix(std::string_view text, std::string_view prefix);

}  // namespace dozo::policy
