// A backend: one kind of firewall. It compiles a RuleSet to text, reads such text back and answers from it by its *own*
// precedence, and compares what is live with what is wanted. The table is backends.cc; a backend is emit_NAME.cc and a
// row there.
//
// What a backend cannot say it leaves out whole, and reports as a Gap; it never says something near it. So where
// compiled rules and the model differ, the model's deciding rule is one of the gaps. Only what the backend cannot do is
// a gap: everything else has to be made to agree (complements of sets, several lines for a rule, an order of classes).
#pragma once

#include <cstdint>
#include <expected>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "policy/model.h"

namespace dozo::policy {

// What is missing in a backend.
enum class Lack : std::uint8_t {
  ipsec,             // cannot tell protected traffic from other: allow-if-secure is left out
  mac,               // does not see MAC addresses: a rule with macs is left out
  direction,         // has no host rules, or no forwarded traffic
  established,       // keeps no state for `protocol`: answers need rules of their own
  ban_open,          // a ban does not end what is open
  family,            // does not filter IPv6
  too_many,          // more entries than the backend holds
  connection_rules,  // cannot set up IPsec
};
std::string_view to_string(Lack lack);

// Something of the model that is not in the compiled text: whoever applies it has to know, and the exit status is not
// 0.
struct Gap {
  Lack lack = Lack::ipsec;
  std::string rule;                  // the id that was left out, or "bans", "established"
  std::optional<Protocol> protocol;  // of the flows concerned, when not all
  bool only_established = false;     // only connections that are open are concerned
  bool looser = false;               // without it more is let through; else less
  std::string text;                  // for people, one sentence that says what to do instead
};
// Whether a difference over this flow, which the model decided by `rule`, is what the gap says.
bool explains(const Gap& gap, const Flow& flow, std::string_view rule);
// All it does is to end or ask again connections that are open while the rules change: it is said, and no failure.
bool is_harmless(const Gap& gap);

// What is not in the RuleSet and a backend may need.
struct EmitOptions {
  Profile profile = Profile::domain;    // of a machine whose firewall has no profiles
  std::string store;                    // Windows: empty, the local store; else a group policy, "domain.example\\name"
  std::string resource_group = "dozo";  // Azure
  std::string security_group = "dozo";  // Azure
  std::string interface;                // IOS and RouterOS: what the list is applied to; empty: said in a note
  std::int64_t now = 0;                 // seconds since 1970; bans that ended before are left out
};

struct Compiled {
  std::string text;       // applies it: may be run again, and changes nothing that is not tagged as ours
  std::string undo;       // takes back exactly that
  std::vector<Gap> gaps;  // what could not be said
  std::vector<std::string>
      notes;  // what to know, when everything was said: "edge traversal is for inbound rules alone"
};

// Compiled text, read back: its rules with the backend's own precedence.
class CompiledRules {
 public:
  virtual ~CompiledRules() = default;
  // `rule` of the verdict is the model's id, taken from the tag. Not asked for flows over loopback. A backend without
  // profiles ignores the flow's; one without host rules answers pass for them.
  virtual Verdict evaluate(const Flow& flow) const = 0;
};

struct ParseProblem {
  std::uint32_t line = 0;  // of the text; 0: of no line
  std::string message;
};
template <class T>
using Parsed = std::expected<T, ParseProblem>;

// One difference between what is live and what is wanted. Rules that are not tagged as ours are nobody's difference.
struct Drift {
  enum class Kind : std::uint8_t { missing, extra, changed };
  Kind kind = Kind::missing;
  std::string what;    // "rule o2", "set fs_list"
  std::string detail;  // "remote port 445, wanted 139,445"
  bool operator==(const Drift&) const = default;
};

struct Backend {
  std::string_view name;       // "nftables"
  std::string_view summary;    // for help: "Linux, nft"
  std::string_view extension;  // ".nft", of a file with the text
  bool host;                   // filters a host's own traffic (in, out)
  bool perimeter;              // filters what it forwards
  bool profiles;               // knows Windows' profiles; else `emit` is given rules that are narrowed to one
  std::string_view live_from;  // the command whose output read_live takes: "nft -j list table inet dozo"

  Compiled (*emit)(const RuleSet& rules, const EmitOptions& options);
  // Of `Compiled::text`. Text that is not of our making is a problem, not a guess.
  Parsed<std::unique_ptr<CompiledRules>> (*parse)(std::string_view text);
  // `live` is what `live_from` printed.
  Parsed<std::vector<Drift>> (*read_live)(std::string_view live, const RuleSet& rules, const EmitOptions& options);
};

std::span<const Backend> backends();
const Backend* find_backend(std::string_view name);

// emit(), with rules narrowed to the options' profile where the backend has none. What callers use.
Compiled compile(const Backend& backend, const RuleSet& rules, const EmitOptions& options);
// read_live(), likewise.
Parsed<std::vector<Drift>> drift(const Backend& backend, std::string_view live, const RuleSet& rules,
                                 const EmitOptions& options);

}  // namespace dozo::policy
