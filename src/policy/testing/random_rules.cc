#include "policy/testing/random_rules.h"

#include <fmt/format.h>

#include <algorithm>
#include <random>

#include "policy/testing/rules_for_tests.h"

namespace dozo::policy::testing {
namespace {

class Maker {
 public:
  Maker(std::uint64_t seed, Mode mode) : random_(seed) { rules_.mode = mode; }

  RuleSet run() {
    rules_.host = "random";
    rules_.title = "random rules";
    if (rules_.mode == Mode::perimeter) rules_.role = Role::gateway;
    for (const std::string_view name : {"some", "more", "overlap", "nobody"}) add_set(name);
    rules_.mac_sets["cards"] = {*mac_from_string("02:00:00:00:00:01"), *mac_from_string("02:00:00:00:00:02")};
    for (std::uint64_t left = 1 + below(8); left > 0; --left) add_rule();
    if (!one_in(4)) add_bans();
    if (one_in(2)) rules_.connection_security = {{.id = "ipsec", .name = "IPsec"}};
    return std::move(rules_);
  }

 private:
  std::uint64_t below(std::uint64_t bound) { return random_() % bound; }
  bool one_in(std::uint64_t n) { return below(n) == 0; }

  // Few ends, so that sets overlap, touch and hold each other.
  AddressRange range() {
    const Family family = one_in(2) ? Family::v4 : Family::v6;
    const AddressNumber base = family == Family::v4 ? AddressNumber{0x0A000000} : AddressNumber{0xFD00} << 112;
    AddressNumber first = base + below(8) * 64, last = first + below(200);
    if (one_in(12)) first = 0;
    if (one_in(12)) last = highest_of(family);
    return {{family, first}, {family, last}};
  }

  void add_set(std::string_view name) {
    std::vector<AddressRange> ranges;
    if (name != "nobody") {
      for (std::uint64_t left = 1 + below(4); left > 0; --left) ranges.push_back(range());
    }
    rules_.sets[std::string(name)] = {AddressSpace::of(ranges), "", 1};
  }

  AddressMatch match() {
    static constexpr std::string_view kNames[] = {"some", "more", "overlap", "some", "more", "overlap", "nobody"};
    if (one_in(3)) return {};
    return {one_in(3) ? AddressMatch::Kind::not_in : AddressMatch::Kind::in, std::string(kNames[below(7)])};
  }

  Direction direction() {
    if (rules_.mode == Mode::perimeter) return Direction::forward;
    return one_in(2) ? Direction::in : Direction::out;
  }

  Profiles profiles() {
    static const Profiles kSome[] = {Profiles::all(), {Profile::domain, Profile::priv}, {Profile::pub}};
    return rules_.mode == Mode::perimeter ? Profiles::all() : kSome[below(3)];
  }

  void add_rule() {
    static constexpr Action kActions[] = {Action::allow, Action::allow_if_secure, Action::block, Action::reject,
                                          Action::log,   Action::allow_if_secure};
    Rule rule = smb_rule(fmt::format("r{}", rules_.rules.size()), direction(), kActions[below(6)]);
    rule.line = static_cast<std::uint32_t>(10 + rules_.rules.size());
    rule.profiles = profiles();
    rule.protocol = one_in(3) ? Protocol::udp : Protocol::tcp;
    if (rule.protocol == Protocol::udp) rule.ports = {137, 138};
    if (one_in(4)) rule.ports = PortSet::of({{139, 139}, {443, 445}, {5000, 5010}});
    rule.from = match();
    rule.to = match();
    if (rule.direction != Direction::out && one_in(6)) rule.macs = "cards";
    if (rule.direction == Direction::in && one_in(4)) rule.edge = EdgeTraversal::block;
    rule.overrides_blocks = rule.requires_ipsec() && one_in(2);
    rule.log = one_in(3);
    rules_.rules.push_back(std::move(rule));
  }

  void add_bans() {
    for (std::uint64_t left = 1 + below(4); left > 0; --left) {
      const AddressRange banned = range();
      rules_.bans.entries.push_back(
          {banned, one_in(2) ? std::optional<std::int64_t>(1 + below(1'000'000)) : std::nullopt});
    }
    rules_.bans.services = known_services();
    if (one_in(3)) rules_.bans.services.resize(1);
  }

  std::mt19937_64 random_;
  RuleSet rules_;
};

}  // namespace

RuleSet random_rules(std::uint64_t seed, Mode mode) { return Maker(seed, mode).run(); }

}  // namespace dozo::policy::testing
