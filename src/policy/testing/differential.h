// Compiled rules against the model, over random flows: the same verdict, or a gap that says why not.
#pragma once

#include <cstdint>
#include <map>
#include <random>
#include <string>
#include <vector>

#include "policy/backend.h"

namespace dozo::policy::testing {

// Flows that are drawn where rules differ: the ends of sets and one beyond, the ports of services and one beyond, every
// profile, protected or not, open or not. The same seed gives the same flows.
class FlowGenerator {
 public:
  FlowGenerator(const RuleSet& rules, std::uint64_t seed);
  Flow next();

 private:
  std::uint64_t below(std::uint64_t bound) { return random_() % bound; }
  bool one_in(std::uint64_t n) { return below(n) == 0; }
  Address any_address();
  Address near(const AddressRange& range);
  Address drawn_address();
  std::uint16_t drawn_port();

  std::mt19937_64 random_;
  Mode mode_;
  std::vector<std::vector<AddressRange>> ranges_;  // of each set, without empty ones
  std::vector<std::uint16_t> ports_;
  std::vector<Mac> macs_;
};

struct Disagreement {
  Flow flow;
  Verdict model, compiled;
};

struct Comparison {
  std::size_t flows = 0;
  std::size_t explained = 0;                   // differ, and a gap says so
  std::map<std::string, std::size_t> by_rule;  // how many flows each rule of the model decided
  std::vector<Disagreement> differences;       // the first few that no gap explains
  std::size_t difference_count = 0;            // all of them
  std::string problem;                         // what was compiled cannot be read back
  bool agrees() const { return problem.empty() && difference_count == 0; }
};
std::string to_string(const Comparison& comparison);  // for a failed test

// `flows` of them in each profile when the backend has none, else over all profiles.
Comparison compare(const Backend& backend, const RuleSet& rules, std::size_t flows, std::uint64_t seed = 1);

// What an emitter could get wrong, made in the rules that it is given: rules lost, turned round, of another port,
// another profile, another set. Each is a name and a set of rules that is compiled while the model keeps the right one.
struct Plant {
  std::string name;
  RuleSet rules;
};
std::vector<Plant> plants(const RuleSet& rules);
// The names of the plants over which compiled rules and model agree although the model itself tells the two apart:
// errors that comparing does not find.
std::vector<std::string> plants_not_found(const Backend& backend, const RuleSet& rules, std::size_t flows);

// How many flows a test compares: DOZO_POLICY_FLOWS, or `standard`.
std::size_t flows_to_compare(std::size_t standard);

}  // namespace dozo::policy::testing
