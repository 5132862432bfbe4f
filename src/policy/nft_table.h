// The nftables table of ours, as a value: what is emitted, what is read from text, what is read from `nft -j`.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "policy/backend.h"
#include "policy/match_lines.h"

namespace dozo::policy {

// A chain's name is that of its hook: "input", "output", "forward".
struct NftRule {
  enum class Verdict : std::uint8_t { none, accept, drop, reset, reject };
  struct Address {
    bool source = true;
    Family family = Family::v4;
    bool negated = false;
    std::string set;
    bool operator==(const Address&) const = default;
  };

  std::string loopback;  // "iif" or "oif": over lo alone
  bool established = false;
  std::vector<Address> addresses;
  std::string mac_set;
  std::optional<Protocol> protocol;
  bool source_port = false;  // `ports` are the source's
  PortSet ports;
  bool replies = false;    // what the responder sends
  std::string ipsec;       // "meta": came protected; "rt": leaves protected
  std::string log_prefix;  // not empty: logs, ten lines a second
  bool counter = false;
  Verdict verdict = Verdict::none;
  std::string id;     // of the tag
  std::string other;  // what somebody else wrote into the rule; never of our making
  bool operator==(const NftRule&) const = default;
};
using NftVerdict = NftRule::Verdict;
std::string to_string(const NftRule& rule);  // as in the table's text

struct NftSet {
  enum class Type : std::uint8_t { v4, v6, mac };
  std::string name;
  Type type = Type::v4;
  bool intervals = false;
  bool timeouts = false;
  std::vector<Bans::Entry> ranges;  // `until` is the timeout, in seconds from now
  std::vector<Mac> macs;
  AddressSpace addresses() const;
};

struct NftChain {
  std::string name;
  std::string hook;  // "type filter hook input priority -10; policy accept;"
  std::vector<NftRule> rules;
};
// The hook of a chain of ours. At -10 it is ahead of what others filter at 0: theirs still sees what ours accepts.
std::string nft_hook(std::string_view chain);

struct NftTable {
  std::vector<NftSet> sets;
  std::vector<NftChain> chains;
  const NftSet* find_set(std::string_view name) const;
  const NftChain* find_chain(std::string_view name) const;
};

inline constexpr std::string_view kNftTag = "dozo:";
// Bans that a running server adds, each with its timeout. In no RuleSet, and so never a drift.
inline constexpr std::string_view kNftLiveBans4 = "live_bans4", kNftLiveBans6 = "live_bans6";

NftTable nft_table(const RuleSet& rules, const EmitOptions& options);
std::string to_string(const NftTable& table);  // from "table inet dozo {" to its closing brace
Parsed<NftTable> nft_table_from_text(std::string_view text);
Parsed<NftTable> nft_table_from_json(std::string_view json);  // of `nft -j list table inet dozo`
std::vector<MatchLine> match_lines(const NftTable& table);
std::vector<Drift> differences(const NftTable& live, const NftTable& wanted);

// "1d2h3m4s", which nft takes where it refuses a large number of seconds.
std::string nft_timeout(std::int64_t seconds);
std::optional<std::int64_t> nft_timeout_from(std::string_view text);

}  // namespace dozo::policy
