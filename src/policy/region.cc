#include "policy/region.h"

#include <algorithm>

#include "policy/evaluate.h"

namespace dozo::policy {
namespace {

constexpr std::uint8_t kContexts = 6;
constexpr std::uint8_t number_of(Direction direction) { return static_cast<std::uint8_t>(direction); }

// Addresses of a family that the other end has none of are of no flow.
Box tidied(Box box) {
  IntervalSet<AddressNumber> from[2], to[2];
  for (const Family f : {Family::v4, Family::v6}) {
    if (box.from.family(f).empty() || box.to.family(f).empty()) continue;
    from[static_cast<int>(f)] = box.from.family(f);
    to[static_cast<int>(f)] = box.to.family(f);
  }
  box.from = {std::move(from[0]), std::move(from[1])};
  box.to = {std::move(to[0]), std::move(to[1])};
  return box;
}

std::vector<Address> edges_of(const AddressSpace& space) {
  std::vector<Address> edges;
  for (const AddressRange& range : space.ranges()) {
    edges.push_back(range.first);
    edges.push_back(range.last);
  }
  return edges;
}

// Two addresses of a box that is not empty, those of two hosts where there are any at its edges.
std::pair<Address, Address> ends_of(const Box& box) {
  std::optional<std::pair<Address, Address>> any;
  for (const Address& from : edges_of(box.from)) {
    for (const Address& to : edges_of(box.to)) {
      if (from.family != to.family) continue;
      if (from != to && !is_loopback(from) && !is_loopback(to)) return {from, to};
      if (!any) any = {from, to};
    }
  }
  return any.value_or(std::pair<Address, Address>());
}

// Takes from `rest` what differs from `b` in one property, as a piece of its own, and narrows `rest` to b's.
template <class Set>
void split(Region& pieces, Box& rest, const Box& b, Set Box::* property) {
  Set outside = (rest.*property).without(b.*property);
  if (!outside.empty()) {
    Box piece = rest;
    piece.*property = std::move(outside);
    piece = tidied(std::move(piece));
    if (!piece.empty()) pieces.push_back(std::move(piece));
  }
  rest.*property = (rest.*property).common(b.*property);
}

}  // namespace

bool Box::empty() const {
  const auto no_flow = [&](Family f) { return from.family(f).empty() || to.family(f).empty(); };
  return directions.empty() || contexts.empty() || services.empty() || macs.empty() ||
         (no_flow(Family::v4) && no_flow(Family::v6));
}

Box common(const Box& a, const Box& b) {
  return tidied({a.directions.common(b.directions), a.contexts.common(b.contexts), a.services.common(b.services),
                 a.macs.common(b.macs), a.from.common(b.from), a.to.common(b.to)});
}

Region without(const Box& a, const Box& b) {
  if (a.empty()) return {};
  if (common(a, b).empty()) return {a};
  Region pieces;
  Box rest = a;
  split(pieces, rest, b, &Box::directions);
  split(pieces, rest, b, &Box::contexts);
  split(pieces, rest, b, &Box::services);
  split(pieces, rest, b, &Box::macs);
  split(pieces, rest, b, &Box::from);
  split(pieces, rest, b, &Box::to);
  return pieces;
}

Region without(const Region& a, const Box& b) {
  Region left;
  for (const Box& box : a) {
    for (Box& piece : without(box, b)) left.push_back(std::move(piece));
  }
  return left;
}

Region common(const Region& a, const Box& b) {
  Region both;
  for (const Box& box : a) {
    if (Box part = common(box, b); !part.empty()) both.push_back(std::move(part));
  }
  return both;
}

bool decides_before(const RuleSet& rules, std::size_t one, std::size_t other) {
  const auto first = class_of(rules.rules[one]), second = class_of(rules.rules[other]);
  if (!first || !second) return first == second && one < other;
  return std::pair(*first, one) < std::pair(*second, other);
}

IntervalSet<std::uint8_t> contexts_of(const Profiles& profiles, std::optional<bool> ipsec) {
  std::vector<Interval<std::uint8_t>> all;
  for (const Profile p : kProfiles) {
    if (!profiles.contains(p)) continue;
    const auto plain = static_cast<std::uint8_t>(2 * static_cast<unsigned>(p));
    const auto secure = static_cast<std::uint8_t>(plain + 1);
    all.push_back({ipsec.value_or(false) ? secure : plain, ipsec.value_or(true) ? secure : plain});
  }
  return IntervalSet<std::uint8_t>::of(std::move(all));
}

IntervalSet<std::uint32_t> services_of(Protocol protocol, const PortSet& ports) {
  const std::uint32_t base = static_cast<std::uint32_t>(protocol) << 16;
  std::vector<Interval<std::uint32_t>> all;
  for (const auto& [first, last] : ports.intervals()) all.push_back({base | first, base | last});
  return IntervalSet<std::uint32_t>::of(std::move(all));
}

Box Flows::everything() {
  return {{0, 2},      {0, kContexts - 1},         {0, 0x1FFFF},
          {0, 0xFFFF}, AddressSpace::everything(), AddressSpace::everything()};
}

Flows::Flows(const RuleSet& rules) : rules_(rules) {
  for (const auto& [name, macs] : rules.mac_sets) macs_.insert(macs_.end(), macs.begin(), macs.end());
  std::ranges::sort(macs_);
  macs_.erase(std::ranges::unique(macs_).begin(), macs_.end());
  for (const Rule& rule : rules.rules) {
    Box box = everything();
    box.directions = {number_of(rule.direction), number_of(rule.direction)};
    box.contexts = contexts_of(rule.profiles, rule.requires_ipsec() ? std::optional(true) : std::nullopt);
    box.services = services_of(rule.protocol, rule.ports);
    box.from = rules.addresses_of(rule.from);
    box.to = rules.addresses_of(rule.to);
    if (!rule.macs.empty()) {
      std::vector<Interval<std::uint16_t>> numbers;
      for (const Mac& mac : rules.mac_sets.at(rule.macs)) {
        const auto number = static_cast<std::uint16_t>(std::ranges::lower_bound(macs_, mac) - macs_.begin() + 1);
        numbers.push_back({number, number});
      }
      box.macs = IntervalSet<std::uint16_t>::of(std::move(numbers));
    }
    boxes_.push_back(tidied(std::move(box)));
  }
  Box banned = everything();
  banned.services = {};
  for (const Service& s : rules.bans.services) {
    banned.services = banned.services.united(services_of(s.protocol, s.ports));
  }
  Box by_source = banned, by_destination = banned;
  by_source.directions = IntervalSet<std::uint8_t>::of({{0, 0}, {2, 2}});
  by_source.from = rules.bans.addresses();
  by_destination.directions = {1, 2};
  by_destination.to = rules.bans.addresses();
  banned_ = common(Region{by_source, by_destination}, everything());
}

Region Flows::decided_by(std::size_t rule) const {
  Region left = {boxes_[rule]};
  for (const Box& box : banned_) left = without(left, box);
  for (std::size_t i = 0; i < boxes_.size(); ++i) {
    if (decides_before(rules_, i, rule)) left = without(left, boxes_[i]);
  }
  std::erase_if(left, [](const Box& box) { return box.empty(); });
  return left;
}

Region Flows::refused(const Region& region) const {
  Region left = region, refused;
  for (const Box& box : banned_) left = without(left, box);
  for (std::size_t i = 0; i < boxes_.size(); ++i) {
    if (class_of(rules_.rules[i]) == kOverridingClass) left = without(left, boxes_[i]);
  }
  for (std::size_t i = 0; i < boxes_.size(); ++i) {
    if (class_of(rules_.rules[i]) != kBlockClass) continue;
    for (Box& box : common(left, boxes_[i])) refused.push_back(std::move(box));
    left = without(left, boxes_[i]);
  }
  return refused;
}

Flow Flows::sample(const Box& box) const {
  Flow flow;
  flow.direction = static_cast<Direction>(box.directions.intervals().front().first);
  const std::uint8_t context = box.contexts.intervals().front().first;
  flow.profile = kProfiles[context / 2];
  flow.ipsec = context % 2 == 1;
  const std::uint32_t service = box.services.intervals().front().first;
  flow.protocol = static_cast<Protocol>(service >> 16);
  flow.port = static_cast<std::uint16_t>(service);
  const std::uint16_t mac = box.macs.intervals().front().first;
  if (mac > 0 && mac <= macs_.size()) flow.mac = macs_[mac - 1U];
  std::tie(flow.source, flow.destination) = ends_of(tidied(box));
  return flow;
}

}  // namespace dozo::policy
