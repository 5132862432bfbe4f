// The two tables of oplocks and leases: what others' caches lose by what one open does, and what may be cached.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "model/access_mask.h"
#include "model/create.h"

namespace dozo::share {

// An oplock is a lease of one open: level II caches R, exclusive RW, batch RWH. [MS-FSA] 2.1.1.10.
inline constexpr LeaseState kCacheNone{};
inline constexpr LeaseState kCacheR = LeaseBit::read;
inline constexpr LeaseState kCacheW = LeaseBit::write;
inline constexpr LeaseState kCacheH = LeaseBit::handle;
inline constexpr LeaseState kCacheRH = LeaseBit::read | LeaseBit::handle;
inline constexpr LeaseState kCacheRW = LeaseBit::read | LeaseBit::write;
inline constexpr LeaseState kCacheWH = LeaseBit::write | LeaseBit::handle;
inline constexpr LeaseState kCacheRWH = LeaseBit::read | LeaseBit::write | LeaseBit::handle;

// The states there are: none, R, RW, RH, RWH. Anything else caches nothing. [MS-SMB2] 3.3.1.12.
constexpr LeaseState valid_cache(LeaseState state) {
  return state.has(LeaseBit::read) ? state & kCacheRWH : kCacheNone;
}

constexpr LeaseState cache_of(OplockLevel level) {
  switch (level) {
    case OplockLevel::level_ii:
      return kCacheR;
    case OplockLevel::exclusive:
      return kCacheRW;
    case OplockLevel::batch:
      return kCacheRWH;
    default:
      return kCacheNone;
  }
}

// No oplock has H without W: RH is what a batch oplock never comes to.
constexpr OplockLevel oplock_of(LeaseState state) {
  if (state == kCacheRWH) return OplockLevel::batch;
  if (state == kCacheRW) return OplockLevel::exclusive;
  return state.has(LeaseBit::read) ? OplockLevel::level_ii : OplockLevel::none;
}

enum class CacheKind : std::uint8_t { lease, oplock };

// An open that only looks at attributes disturbs no cache, and no cache minds it. For leases that may include the
// security descriptor. [MS-FSA] 2.1.4.12, case OPEN; that such an open does not keep others from W either is what
// clients see of Windows (smbtorture smb2.lease.statopen3), against the letter of 2.1.5.18.1.
constexpr bool is_stat_open(AccessMask access, CacheKind kind) {
  AccessMask harmless = Access::read_attributes | Access::write_attributes | Access::synchronize;
  if (kind == CacheKind::lease) harmless |= Access::read_control;
  return access.without(harmless).empty();
}

// What is done to a stream that others may be caching.
enum class Act : std::uint8_t {
  open,
  open_overwriting,
  open_conflicting,
  write,
  lock,
  set_size,
  set_delete,
  set_security,
  rename,
  replace,
  directory_change,
  outside_change,
};
inline constexpr std::size_t kActs = 12;

struct BreakRule {
  Act act;
  std::string_view name;
  LeaseState meets;         // who caches any of this is broken; nobody else is
  LeaseState lease_loses;   // and loses this, his lease
  LeaseState oplock_loses;  // or his oplock; empty: oplocks are left alone
  LeaseState waits_for;     // who acts waits while a holder still has any of this, unacknowledged
  bool own_level_ii;        // ends the level II oplock of him who acts, too
  std::string_view source;
};

// [MS-FSA] 2.1.4.12. Where it leaves a choice or Windows does otherwise, `source` names what clients rely on.
inline constexpr std::array<BreakRule, kActs> kBreakRules = {{
    {Act::open, "open", kCacheW, kCacheW, kCacheWH, kCacheW, false, "[MS-FSA] 2.1.4.12 OPEN; smb2.lease.break"},
    // RH goes without being waited for (smb2.lease.breaking4).
    {Act::open_overwriting, "overwriting open", kCacheRW, kCacheRWH, kCacheRWH, kCacheW, false,
     "[MS-FSA] 2.1.4.12 OPEN; smb2.lease.breaking2, smb2.oplock.exclusive9"},
    // A batch oplock goes to level II (smb2.oplock.batch1), a lease keeps W (smb2.lease.break_twice).
    {Act::open_conflicting, "open against a share mode", kCacheH, kCacheH, kCacheWH, kCacheH, false,
     "[MS-FSA] 2.1.4.12 OPEN_BREAK_H; smb2.lease.break_twice, smb2.oplock.batch1"},
    {Act::write, "write", kCacheRW, kCacheRWH, kCacheRWH, kCacheW, true,
     "[MS-FSA] 2.1.4.12 WRITE; smb2.lease.complex1, smb2.oplock.batch6"},
    {Act::lock, "byte-range lock", kCacheRW, kCacheRWH, kCacheRWH, kCacheW, true,
     "[MS-FSA] 2.1.4.12 LOCK_CONTROL; smb2.lease.lock1, smb2.oplock.brl1"},
    {Act::set_size, "set size", kCacheRW, kCacheRWH, kCacheRWH, kCacheW, true,
     "[MS-FSA] 2.1.4.12 SET_INFORMATION; smb2.oplock.batch11"},
    {Act::set_delete, "set delete", kCacheH, kCacheH, kCacheWH, kCacheH, false,
     "[MS-FSA] 2.1.4.12 SET_INFORMATION; smb2.lease.unlink"},
    {Act::set_security, "set security", kCacheH, kCacheH, kCacheNone, kCacheH, false, "[MS-FSA] 2.1.4.12 SET_SECURITY"},
    {Act::rename, "rename", kCacheH, kCacheH, kCacheRWH, kCacheH, false,
     "[MS-FSA] 2.1.4.12 SET_INFORMATION; smb2.lease.rename_wait"},
    {Act::replace, "be replaced", kCacheH, kCacheH, kCacheWH, kCacheH, false,
     "[MS-FSA] 2.1.5.15.12; smb2.lease.v2_rename_target_overwrite"},
    {Act::directory_change, "entry of the directory changes", kCacheR, kCacheRWH, kCacheRWH, kCacheNone, false,
     "[MS-FSA] 2.1.4.12 PARENT_OBJECT; smb2.lease.v2_request"},
    {Act::outside_change, "change from outside", kCacheRW, kCacheRWH, kCacheRWH, kCacheNone, false,
     "nobody can be made to wait"},
}};

constexpr const BreakRule& rule_of(Act act) { return kBreakRules[static_cast<std::size_t>(act)]; }

constexpr bool break_rules_are_in_order() {
  for (std::size_t i = 0; i < kActs; ++i) {
    if (static_cast<std::size_t>(kBreakRules[i].act) != i) return false;
  }
  return true;
}
static_assert(break_rules_are_in_order());

// What a cache in state `from` comes to when it loses `loses`.
constexpr LeaseState broken(LeaseState from, LeaseState loses) { return valid_cache(from.without(loses)); }

// After an acknowledgement that leaves `held`, when by now `required` is all that may be left: the next break. From RH
// to nothing Windows takes two steps (smb2.lease.breaking3).
constexpr LeaseState next_break(LeaseState held, LeaseState required) {
  return held == kCacheRH && required.empty() ? kCacheR : held & required;
}

// Nobody is asked to acknowledge the loss of R alone. [MS-SMB2] 3.3.4.7; [MS-FSA] 2.1.4.12.
constexpr bool needs_acknowledgement(LeaseState from) { return from != kCacheR; }

// What may be cached of a stream, whole or not at all; then what is tried instead. [MS-SMB2] 3.3.5.9.
struct GrantRule {
  CacheKind kind;
  LeaseState state;
  LeaseState not_beside_leases;   // not while another lease has any of this
  LeaseState not_beside_oplocks;  // not while another open's oplock has any of this
  bool sole_opener;               // not while others have the stream open, other than for its attributes
  bool no_locks;                  // not while there are byte-range locks on its data
  LeaseState otherwise;
  std::string_view source;
};

inline constexpr std::size_t kGrantRuleCount = 7;
inline constexpr std::array<GrantRule, kGrantRuleCount> kGrantRules = {{
    {CacheKind::lease, kCacheRWH, kCacheRWH, kCacheRWH, true, false, kCacheRH, "[MS-FSA] 2.1.5.18.1; smb2.lease.break"},
    {CacheKind::lease, kCacheRW, kCacheRWH, kCacheRWH, true, false, kCacheR, "[MS-FSA] 2.1.5.18.1; smb2.lease.break"},
    {CacheKind::lease, kCacheRH, kCacheW, kCacheRWH, false, true, kCacheR,
     "[MS-FSA] 2.1.5.18, 2.1.5.18.2; smb2.lease.oplock"},
    {CacheKind::lease, kCacheR, kCacheW, kCacheW, false, true, kCacheNone,
     "[MS-FSA] 2.1.5.18, 2.1.5.18.2; smb2.lease.oplock"},
    {CacheKind::oplock, kCacheRWH, kCacheRWH, kCacheRWH, true, false, kCacheR,
     "[MS-FSA] 2.1.5.18; smb2.oplock.batch10"},
    {CacheKind::oplock, kCacheRW, kCacheRWH, kCacheRWH, true, false, kCacheR,
     "[MS-FSA] 2.1.5.18; smb2.oplock.exclusive2"},
    {CacheKind::oplock, kCacheR, kCacheWH, kCacheW, false, true, kCacheNone,
     "[MS-FSA] 2.1.5.18, 2.1.5.18.2; smb2.lease.oplock"},
}};

constexpr const GrantRule* find_grant_rule(CacheKind kind, LeaseState state) {
  for (const GrantRule& rule : kGrantRules) {
    if (rule.kind == kind && rule.state == state) return &rule;
  }
  return nullptr;
}

}  // namespace dozo::share
