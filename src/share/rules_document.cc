#include "share/rules_document.h"

#include <fmt/format.h>

#include <array>
#include <string_view>
#include <vector>

#include "share/cache_rules.h"
#include "share/range_locks.h"
#include "share/scenario.h"
#include "share/share_mode.h"

namespace dozo::share {

namespace {

constexpr std::array kHeld = {kCacheRWH, kCacheRW, kCacheRH, kCacheR};

std::string state_name(LeaseState state) { return state.empty() ? "none" : state_text(state); }

std::string cache_name(CacheKind kind, LeaseState state) {
  return kind == CacheKind::lease ? state_name(state) : std::string(level_text(oplock_of(state)));
}

bool exists(CacheKind kind, LeaseState state) { return kind == CacheKind::lease || state != kCacheRH; }

// Waiting is for what an acknowledgement gives up.
bool is_awaited(const BreakRule& rule, LeaseState held) { return held.has_any(rule.waits_for); }

std::string outcome(const BreakRule& rule, CacheKind kind, LeaseState held) {
  if (!exists(kind, held)) return "";
  const LeaseState loses = kind == CacheKind::lease ? rule.lease_loses : rule.oplock_loses;
  if (!held.has_any(rule.meets) || loses.empty()) return "stays";
  const LeaseState to = broken(held, loses);
  return fmt::format("{}{}", cache_name(kind, to), is_awaited(rule, held) ? ", awaited" : "");
}

std::string break_table(CacheKind kind) {
  std::string out = "| what is done | ";
  for (const LeaseState held : kHeld) {
    if (exists(kind, held)) out += cache_name(kind, held) + " | ";
  }
  out += "source |\n|---|---|---|---|---|" + std::string(kind == CacheKind::lease ? "---|\n" : "\n");
  for (const BreakRule& rule : kBreakRules) {
    out += fmt::format("| {} | ", rule.name);
    for (const LeaseState held : kHeld) {
      if (exists(kind, held)) out += outcome(rule, kind, held) + " | ";
    }
    out += fmt::format("{} |\n", rule.source);
  }
  return out;
}

std::string own_level_ii() {
  std::vector<std::string_view> names;
  for (const BreakRule& rule : kBreakRules) {
    if (rule.own_level_ii) names.push_back(rule.name);
  }
  return fmt::format("{}", fmt::join(names, ", "));
}

// All that leads from one state to another is one arrow.
std::string break_drawing(CacheKind kind) {
  std::string out = "```mermaid\nstateDiagram-v2\n";
  for (const GrantRule& rule : kGrantRules) {
    if (rule.kind == kind) out += fmt::format("  [*] --> {}: granted\n", cache_name(kind, rule.state));
  }
  for (const LeaseState from : kHeld) {
    for (const LeaseState to : {kCacheRW, kCacheRH, kCacheR, kCacheNone}) {
      std::vector<std::string_view> names;
      for (const BreakRule& rule : kBreakRules) {
        const LeaseState loses = kind == CacheKind::lease ? rule.lease_loses : rule.oplock_loses;
        if (exists(kind, from) && from.has_any(rule.meets) && broken(from, loses) == to) names.push_back(rule.name);
      }
      if (names.empty()) continue;
      out += fmt::format("  {} --> {}: {}\n", cache_name(kind, from), cache_name(kind, to), fmt::join(names, ", "));
    }
  }
  return out + "```\n";
}

std::string none_of(LeaseState state) {
  return state.empty() ? "" : fmt::format("{}", fmt::join(state_text(state), ", "));
}

std::string grant_table() {
  std::string out =
      "| asked for | not beside a lease with | not beside an oplock with | sole opener | no locks | else | source |\n"
      "|---|---|---|---|---|---|---|\n";
  for (const GrantRule& rule : kGrantRules) {
    const std::string_view kind = rule.kind == CacheKind::lease ? "lease" : "oplock";
    out += fmt::format("| {} {} | {} | {} | {} | {} | {} | {} |\n", kind, cache_name(rule.kind, rule.state),
                       none_of(rule.not_beside_leases), none_of(rule.not_beside_oplocks), rule.sole_opener ? "yes" : "",
                       rule.no_locks ? "yes" : "", cache_name(rule.kind, rule.otherwise), rule.source);
  }
  return out;
}

std::string next_break_table() {
  std::string out = "| acknowledged | all that may be left | next break | to be acknowledged |\n|---|---|---|---|\n";
  // A break leaves less than everything.
  for (const LeaseState held : {kCacheRW, kCacheRH, kCacheR}) {
    for (const LeaseState required : {kCacheRW, kCacheRH, kCacheR, kCacheNone}) {
      if (required.has_all(held) || !held.has_all(required)) continue;
      out += fmt::format("| {} | {} | {} | {} |\n", state_name(held), state_name(required),
                         state_name(next_break(held, required)), needs_acknowledgement(held) ? "yes" : "");
    }
  }
  return out;
}

std::string lock_table() {
  constexpr std::array<std::string_view, kHeldLocks> kRows = {"shared, another open", "shared, the same open",
                                                              "exclusive, another open", "exclusive, the same open"};
  std::string out = "| overlapping lock | read | write | lock shared | lock exclusive |\n|---|---|---|---|---|\n";
  for (std::size_t held = 0; held < kHeldLocks; ++held) {
    out += fmt::format("| {} |", kRows[held]);
    for (const bool conflicts : kRangeConflicts[held]) out += conflicts ? " conflict |" : " |";
    out += "\n";
  }
  return out;
}

std::string share_table() {
  constexpr std::array<std::string_view, kShareRules.size()> kRows = {
      "FILE_READ_DATA, FILE_EXECUTE | FILE_SHARE_READ", "FILE_WRITE_DATA, FILE_APPEND_DATA | FILE_SHARE_WRITE",
      "DELETE | FILE_SHARE_DELETE"};
  std::string out = "| who was granted | needs from every other open |\n|---|---|\n";
  for (const std::string_view row : kRows) out += fmt::format("| {} |\n", row);
  return out;
}

}  // namespace

std::string rules_document() {
  std::string out =
      "# The share engine: its tables\n\n"
      "Written by `src/share/rules_document.cc` from the tables the engine works by; a test fails when they differ.\n"
      "`DOZO_WRITE_DOCS=1 share_test --gtest_filter='RulesDocument.*'` writes it anew. A scenario for each row stands "
      "in\n"
      "`tests/scenarios/`: `share_modes`, `locks`, `breaks`, `grants`, `break_ends`.\n\n"
      "## Share modes\n\n`kShareRules`, [MS-FSA] 2.1.5.1.2.2. Both ways: the newcomer against all who are in, and they "
      "against it.\n\n";
  out += share_table();
  out += "\n## Byte-range locks\n\n`kRangeConflicts`, [MS-FSA] 2.1.4.10.\n\n" + lock_table();
  out +=
      "\n## What is granted\n\n`kGrantRules`, [MS-FSA] 2.1.5.18, [MS-SMB2] 3.3.5.9. Whole or not at all; then what "
      "stands "
      "under *else* is tried.\nA lease that holds something is promoted to a superset only, and only as a whole. Opens "
      "for "
      "attributes alone are\nno openers. Locks count that begin within the allocation.\n\n";
  out += grant_table();
  out +=
      "\n## What others lose\n\n`kBreakRules`, [MS-FSA] 2.1.4.12. *Awaited*: who acts waits for the acknowledgement. "
      "Nobody breaks his own lease, or\nhis own oplock, but for level II, which ends with: ";
  out +=
      own_level_ii() +
      ".\nAn open for attributes alone (beside leases: or for reading the security descriptor) that overwrites nothing "
      "breaks\nnothing.\n\n### Leases\n\n" +
      break_table(CacheKind::lease) + "\n";
  out += break_drawing(CacheKind::lease) + "\n### Oplocks\n\n" + break_table(CacheKind::oplock) + "\n";
  out += break_drawing(CacheKind::oplock);
  out +=
      "\n## How a break goes on\n\nR alone is taken away without an acknowledgement. Everything else is *breaking* "
      "until it "
      "is acknowledged, the\nholder has closed, its connection is gone, or 35 seconds are over, which leaves nothing. "
      "More "
      "may be asked of it\nmeanwhile; that is announced after the acknowledgement, under the same epoch, and all who "
      "wait go "
      "on waiting:\n\n";
  return out + next_break_table();
}

}  // namespace dozo::share
