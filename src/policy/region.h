// Sets of flows as unions of boxes, exactly: which flows a rule speaks of, what is left of it under others, which flows
// a machine refuses. No sampling; an address space is as quickly subtracted as an address.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "policy/model.h"

namespace dozo::policy {

// All flows with each property in its set. Source and destination of a flow are of one family.
struct Box {
  IntervalSet<std::uint8_t> directions;  // as numbers of the enumeration
  IntervalSet<std::uint8_t> contexts;    // profile * 2 + (protected by IPsec ? 1 : 0)
  IntervalSet<std::uint32_t> services;   // protocol << 16 | port
  IntervalSet<std::uint16_t> macs;       // 0: of no set, else the number in Flows::macs, from 1
  AddressSpace from, to;

  bool empty() const;
  bool operator==(const Box&) const = default;
};
using Region = std::vector<Box>;

Box common(const Box& a, const Box& b);
Region without(const Box& a, const Box& b);
Region without(const Region& a, const Box& b);
Region common(const Region& a, const Box& b);
inline bool covers(const Box& wide, const Box& narrow) { return without(narrow, wide).empty(); }

// Of two rules that match a flow, whether the one has it rather than the other. Log rules and others do not compete.
bool decides_before(const RuleSet& rules, std::size_t one, std::size_t other);

// Which profiles and protections a context is made of.
IntervalSet<std::uint8_t> contexts_of(const Profiles& profiles, std::optional<bool> ipsec);
IntervalSet<std::uint32_t> services_of(Protocol protocol, const PortSet& ports);

// The boxes of one RuleSet. Keeps a reference to it.
class Flows {
 public:
  explicit Flows(const RuleSet& rules);

  // The flows that a rule matches, whatever other rules say.
  const Box& of(std::size_t rule) const { return boxes_[rule]; }
  // Those that are refused because one end is banned.
  const Region& banned() const { return banned_; }
  // Those that it decides: what neither a ban nor a rule before it takes. Empty when it never decides.
  Region decided_by(std::size_t rule) const;
  // What of `region` is blocked or rejected by a rule; the banned apart.
  Region refused(const Region& region) const;
  // One flow of a box that is not empty; not of a host with itself, where the box has others.
  Flow sample(const Box& box) const;
  // Every value of each property.
  static Box everything();

 private:
  const RuleSet& rules_;
  std::vector<Mac> macs_;
  std::vector<Box> boxes_;
  Region banned_;
};

}  // namespace dozo::policy
