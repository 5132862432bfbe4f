#include "policy/testing/differential.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>

#include "policy/evaluate.h"

namespace dozo::policy::testing {
namespace {

constexpr std::size_t kShown = 5;

bool same(Decision a, Decision b) { return a == b || (is_refused(a) && is_refused(b)); }

// Compiles and reads back.
struct Ready {
  Compiled compiled;
  Parsed<std::unique_ptr<CompiledRules>> rules;
};
Ready compiled_and_read(const Backend& backend, const RuleSet& rules, Profile profile) {
  Ready ready{compile(backend, rules, {.profile = profile}), nullptr};
  ready.rules = backend.parse(ready.compiled.text);
  return ready;
}

// `right` is what the model has, `given` what the backend was given.
class Comparer {
 public:
  Comparer(const Backend& backend, const RuleSet& right, const RuleSet& given)
      : backend_(backend), right_(right), given_(given), model_(right) {}

  Comparison run(std::size_t flows, std::uint64_t seed) {
    if (backend_.profiles) {
      in_profile({}, flows, seed);
    } else {
      for (const Profile p : kProfiles) in_profile(p, flows, seed);
    }
    return std::move(result_);
  }

 private:
  void in_profile(std::optional<Profile> profile, std::size_t flows, std::uint64_t seed) {
    const Ready ready = compiled_and_read(backend_, given_, profile.value_or(Profile::domain));
    if (!ready.rules) {
      result_.problem =
          fmt::format("line {}: {}\n{}", ready.rules.error().line, ready.rules.error().message, ready.compiled.text);
      return;
    }
    FlowGenerator generator(right_, seed);
    for (std::size_t i = 0; i < flows; ++i) {
      Flow flow = generator.next();
      flow.profile = profile.value_or(flow.profile);
      ask(flow, ready.compiled.gaps, **ready.rules);
    }
  }

  void ask(const Flow& flow, const std::vector<Gap>& gaps, const CompiledRules& rules) {
    ++result_.flows;
    Verdict model = model_.evaluate(flow);
    Verdict compiled = rules.evaluate(flow);
    ++result_.by_rule[model.rule];
    if (same(model.decision, compiled.decision)) return;
    if (std::ranges::any_of(gaps, [&](const Gap& gap) { return explains(gap, flow, model.rule); })) {
      ++result_.explained;
      return;
    }
    ++result_.difference_count;
    if (result_.differences.size() < kShown) {
      result_.differences.push_back({flow, std::move(model), std::move(compiled)});
    }
  }

  const Backend& backend_;
  const RuleSet& right_;
  const RuleSet& given_;
  Evaluator model_;
  Comparison result_;
};

std::string to_string(const Flow& flow) {
  return fmt::format("{} {} {}:{} -> {}:{} profile {}{}{}{}", policy::to_string(flow.direction),
                     policy::to_string(flow.protocol), policy::to_string(flow.source), flow.source_port,
                     policy::to_string(flow.destination), flow.port, policy::to_string(flow.profile),
                     flow.ipsec ? " ipsec" : "", flow.established ? " established" : "",
                     flow.mac ? " mac " + policy::to_string(*flow.mac) : "");
}

// Whether the model tells the two apart over these flows, but for those that a gap is about: what the backend leaves
// out anyway cannot be told from what was lost.
bool model_differs(const RuleSet& a, const RuleSet& b, const std::vector<Gap>& gaps, std::size_t flows) {
  const Evaluator left(a), right(b);
  FlowGenerator generator(a, 1);
  for (std::size_t i = 0; i < flows; ++i) {
    const Flow flow = generator.next();
    const Verdict is = left.evaluate(flow), planted = right.evaluate(flow);
    if (same(is.decision, planted.decision)) continue;
    const auto explained = [&](const Gap& gap) {
      return explains(gap, flow, is.rule) || explains(gap, flow, planted.rule);
    };
    if (std::ranges::none_of(gaps, explained)) return true;
  }
  return false;
}

Direction turned(Direction direction) { return direction == Direction::in ? Direction::out : Direction::in; }

void plant_in_match(std::vector<Plant>& plants, const RuleSet& rules, std::size_t i, AddressMatch Rule::* end) {
  const AddressMatch& match = rules.rules[i].*end;
  if (match.kind == AddressMatch::Kind::any) return;
  Plant any{fmt::format("{}: from or to anybody", rules.rules[i].id), rules};
  (any.rules.rules[i].*end).kind = AddressMatch::Kind::any;
  Plant negated{fmt::format("{}: a set turned into its complement", rules.rules[i].id), rules};
  (negated.rules.rules[i].*end).kind =
      match.kind == AddressMatch::Kind::in ? AddressMatch::Kind::not_in : AddressMatch::Kind::in;
  plants.push_back(std::move(any));
  plants.push_back(std::move(negated));
}

void plant_in_rule(std::vector<Plant>& plants, const RuleSet& rules, std::size_t i) {
  const Rule& rule = rules.rules[i];
  const auto add = [&](std::string_view what, auto change) {
    Plant plant{fmt::format("{}: {}", rule.id, what), rules};
    change(plant.rules.rules[i]);
    plants.push_back(std::move(plant));
  };
  add("lost", [](Rule& r) { r.action = Action::log; });
  add("allow and block exchanged", [&](Rule& r) {
    r.action = class_of(rule) == 5 ? Action::allow : Action::block;
    r.overrides_blocks = false;
  });
  add("another port", [](Rule& r) { r.ports = {446, 446}; });
  add("the other protocol", [](Rule& r) { r.protocol = r.protocol == Protocol::tcp ? Protocol::udp : Protocol::tcp; });
  if (rule.direction != Direction::forward) {
    add("the other direction", [](Rule& r) {
      r.direction = turned(r.direction);
      r.macs.clear();
      r.edge = EdgeTraversal::unset;
    });
    if (rule.profiles != Profiles::all()) add("all profiles", [](Rule& r) { r.profiles = Profiles::all(); });
  }
  if (rule.requires_ipsec())
    add("secure or not", [](Rule& r) {
      r.action = Action::allow;
      r.overrides_blocks = false;
    });
  if (!rule.macs.empty()) add("any MAC address", [](Rule& r) { r.macs.clear(); });
  plant_in_match(plants, rules, i, &Rule::from);
  plant_in_match(plants, rules, i, &Rule::to);
}

void plant_in_sets(std::vector<Plant>& plants, const RuleSet& rules) {
  for (const auto& [name, set] : rules.sets) {
    for (const Family family : {Family::v4, Family::v6}) {
      const auto& intervals = set.addresses.family(family).intervals();
      if (intervals.empty()) continue;
      Plant plant{fmt::format("set {}: its last address of {} bits lost", name, bits_of(family)), rules};
      const Address last{family, intervals.back().last};
      NamedSet& changed = plant.rules.sets[name];
      changed.addresses = changed.addresses.without(AddressSpace::of({{last, last}}));
      changed.azure_tag.clear();
      plants.push_back(std::move(plant));
    }
  }
}

}  // namespace

FlowGenerator::FlowGenerator(const RuleSet& rules, std::uint64_t seed) : random_(seed), mode_(rules.mode) {
  for (const auto& [name, set] : rules.sets) ranges_.push_back(set.addresses.ranges());
  ranges_.push_back(rules.bans.addresses().ranges());
  std::erase_if(ranges_, [](const auto& ranges) { return ranges.empty(); });
  for (const Service& service : known_services()) ports_.push_back(service.ports.intervals().front().first);
  for (const Rule& rule : rules.rules) {
    for (const auto& [first, last] : rule.ports.intervals()) ports_.insert(ports_.end(), {first, last});
  }
  for (const auto& [name, macs] : rules.mac_sets) macs_.insert(macs_.end(), macs.begin(), macs.end());
  macs_.push_back({{2, 0, 0, 0, 0, 99}});
}

Address FlowGenerator::any_address() {
  const Family family = one_in(2) ? Family::v4 : Family::v6;
  const AddressNumber number = AddressNumber{random_()} << 64 | random_();
  return {family, number & highest_of(family)};
}

Address FlowGenerator::near(const AddressRange& range) {
  const AddressNumber first = range.first.number, last = range.last.number;
  const Family family = range.first.family;
  switch (below(6)) {
    case 0:
      return {family, first};
    case 1:
      return {family, last};
    case 2:
      return {family, (first - 1) & highest_of(family)};
    case 3:
      return {family, (last + 1) & highest_of(family)};
    default:
      break;
  }
  const AddressNumber span = last - first, number = AddressNumber{random_()} << 64 | random_();
  return {family, span == ~AddressNumber{0} ? number : first + number % (span + 1)};
}

Address FlowGenerator::drawn_address() {
  if (ranges_.empty() || one_in(6)) return any_address();
  const auto& ranges = ranges_[below(ranges_.size())];
  return near(ranges[below(ranges.size())]);
}

std::uint16_t FlowGenerator::drawn_port() {
  const std::uint64_t kind = below(20);
  if (kind == 0) return static_cast<std::uint16_t>(1 + below(65535));
  const std::uint16_t port = ports_[below(ports_.size())];
  if (kind == 1) return static_cast<std::uint16_t>(port + 1);
  return kind == 2 ? static_cast<std::uint16_t>(port - 1) : port;
}

Flow FlowGenerator::next() {
  Flow flow;
  flow.direction = mode_ == Mode::perimeter ? Direction::forward : one_in(2) ? Direction::in : Direction::out;
  do {
    flow.source = drawn_address();
    flow.destination = drawn_address();
    for (int i = 0; i < 8 && flow.destination.family != flow.source.family; ++i) flow.destination = drawn_address();
    if (flow.destination.family != flow.source.family) flow.destination = near({flow.source, flow.source});
  } while (is_loopback(flow.source) || is_loopback(flow.destination) || flow.source == flow.destination);
  flow.protocol = one_in(3) ? Protocol::udp : Protocol::tcp;
  flow.source_port = static_cast<std::uint16_t>(1024 + below(64000));
  flow.port = drawn_port();
  flow.profile = kProfiles[below(3)];
  flow.ipsec = one_in(3);
  flow.established = one_in(8);
  if (flow.direction != Direction::out && one_in(2)) flow.mac = macs_[below(macs_.size())];
  return flow;
}

std::string to_string(const Comparison& comparison) {
  std::string text = comparison.problem;
  for (const Disagreement& d : comparison.differences) {
    text += fmt::format("{}\n  model: {} by \"{}\"; compiled: {} by \"{}\" ({})\n", to_string(d.flow),
                        policy::to_string(d.model.decision), d.model.rule, policy::to_string(d.compiled.decision),
                        d.compiled.rule, d.compiled.reason);
  }
  return text + fmt::format("{} of {} flows differ, {} more are explained by gaps\n", comparison.difference_count,
                            comparison.flows, comparison.explained);
}

Comparison compare(const Backend& backend, const RuleSet& rules, std::size_t flows, std::uint64_t seed) {
  return Comparer(backend, rules, rules).run(flows, seed);
}

std::vector<Plant> plants(const RuleSet& rules) {
  std::vector<Plant> all;
  for (std::size_t i = 0; i < rules.rules.size(); ++i) plant_in_rule(all, rules, i);
  plant_in_sets(all, rules);
  if (!rules.bans.entries.empty()) {
    all.push_back({"bans: lost", rules});
    all.back().rules.bans.entries.clear();
  }
  return all;
}

std::vector<std::string> plants_not_found(const Backend& backend, const RuleSet& rules, std::size_t flows) {
  std::vector<std::string> missed;
  const std::vector<Gap> gaps = compile(backend, rules, {}).gaps;
  for (const Plant& plant : plants(rules)) {
    if (!Comparer(backend, rules, plant.rules).run(flows, 1).agrees()) continue;
    if (model_differs(rules, plant.rules, gaps, flows)) missed.push_back(plant.name);
  }
  return missed;
}

std::size_t flows_to_compare(std::size_t standard) {
  const char* text = std::getenv("DOZO_POLICY_FLOWS");
  const std::size_t wanted = text == nullptr ? 0 : std::strtoul(text, nullptr, 10);
  return wanted == 0 ? standard : wanted;
}

}  // namespace dozo::policy::testing
