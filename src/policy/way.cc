#include "policy/way.h"

#include "policy/lower.h"
#include "policy/places.h"

namespace dozo::policy {
namespace {

AddressSpace zones_of(const Policy& policy) {
  AddressSpace all;
  for (const auto& [name, place] : policy.places) {
    if (place.kind == Place::Kind::zone) all = all.united(place.addresses);
  }
  return all;
}

Box seen_by(const Policy& policy, const Box& flows, const std::string& machine, Direction direction,
            std::optional<Profile> profile, bool secure) {
  Box box = flows;
  const auto number = static_cast<std::uint8_t>(direction);
  box.directions = {number, number};
  const Profiles profiles = {profile.value_or(profile_at_work(policy, machine))};
  box.contexts = contexts_of(profiles, secure);
  return box;
}

// The parts of the flows that go from one zone to another.
Region crossings(const Policy& policy, const Box& flows) {
  Region parts;
  const auto add = [&](const AddressSpace& zone) {
    Box part = flows;
    part.from = flows.from.common(zone);
    part.to = flows.to.without(zone);
    if (!part.empty()) parts.push_back(std::move(part));
  };
  for (const auto& [name, place] : policy.places) {
    if (place.kind == Place::Kind::zone) add(place.addresses);
  }
  add(zones_of(policy).complement());
  return parts;
}

}  // namespace

AddressSpace addresses_of(const Policy& policy, const std::string& name) {
  if (const auto host = policy.hosts.find(name); host != policy.hosts.end()) return host->second.addresses;
  if (const auto role = policy.role_of(name)) {
    AddressSpace all = policy.roles.at(*role).members;
    for (const auto& [other, host] : policy.hosts) {
      all = host.role == *role ? all.united(host.addresses) : all.without(host.addresses);
    }
    return all;
  }
  if (name == kInternet) return zones_of(policy).complement();
  const auto place = policy.places.find(name);
  return place == policy.places.end() ? AddressSpace() : place->second.addresses;
}

std::vector<std::string> gateways(const Policy& policy) {
  std::vector<std::string> all;
  for (const auto& [name, host] : policy.hosts) {
    if (host.role == Role::gateway) all.push_back(name);
  }
  if (all.empty() && policy.roles.contains(Role::gateway)) all.emplace_back(to_string(Role::gateway));
  return all;
}

Profile profile_at_work(const Policy& policy, const std::string& machine) {
  const auto role = policy.role_of(machine);
  return !role || policy.roles.at(*role).domain_member ? Profile::domain : Profile::priv;
}

std::vector<Stretch> way_between(const Policy& policy, const WayQuestion& question) {
  Box flows = Flows::everything();
  flows.services = services_of(question.protocol, {question.port, question.port});
  flows.macs = {0, 0};
  flows.from = addresses_of(policy, question.from);
  flows.to = addresses_of(policy, question.to);
  const bool secure = policy.has_ipsec(question.from) && policy.has_ipsec(question.to);
  std::vector<Stretch> way;
  const auto add = [&](const std::string& machine, const Box& part, Direction direction) {
    Box box = seen_by(policy, part, machine, direction, question.profile, secure);
    if (!box.empty()) way.push_back({machine, std::move(box)});
  };
  if (policy.has_machine(question.from)) add(question.from, flows, Direction::out);
  for (const std::string& machine : gateways(policy)) {
    for (const Box& part : crossings(policy, flows)) add(machine, part, Direction::forward);
  }
  if (policy.has_machine(question.to)) add(question.to, flows, Direction::in);
  return way;
}

Region refused_on(const Policy& policy, const Stretch& stretch) {
  const RuleSet rules = rule_set_for(policy, stretch.machine);
  return Flows(rules).refused({stretch.box});
}

Reach reach_between(const Policy& policy, const WayQuestion& question) {
  Box pairs = Flows::everything();
  pairs.from = addresses_of(policy, question.from);
  pairs.to = addresses_of(policy, question.to);
  if (pairs.empty()) return Reach::nobody;
  Region left = {pairs};
  bool any_refused = false;
  for (const Stretch& stretch : way_between(policy, question)) {
    for (const Box& refused : refused_on(policy, stretch)) {
      Box pair = Flows::everything();
      pair.from = refused.from;
      pair.to = refused.to;
      left = without(left, pair);
      any_refused = true;
    }
  }
  if (!any_refused) return Reach::all;
  return left.empty() ? Reach::none : Reach::some;
}

}  // namespace dozo::policy
