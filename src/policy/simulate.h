// What becomes of one connection on its whole way, in the model and in what each backend makes of it.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "policy/backend.h"
#include "policy/policy.h"

namespace dozo::policy {

struct Question {
  Address from, to;
  Protocol protocol = Protocol::tcp;
  std::uint16_t port = 445;
  std::optional<Profile> profile;  // else that of the host, of the zone when it is a profile's, or of the role
  bool ipsec = false;
};

struct BackendAnswer {
  std::string_view backend;
  Verdict verdict;
  bool agrees = false;  // with the model
  std::string why;      // when not: what the backend cannot say, or that its text cannot be read back
};

// One machine on the way.
struct Step {
  std::string machine;
  Flow flow;
  Verdict model;
  std::uint32_t line = 0;  // of the deciding rule
  std::vector<BackendAnswer> backends;
};

struct Simulation {
  Question question;
  std::string from, to;  // machines or zones
  std::vector<Step> steps;
  Decision decision = Decision::pass;  // of the whole way: refused once is refused
};

Simulation simulate(const Policy& policy, const Question& question);

// The profile that a machine at this address is in.
Profile profile_at(const Policy& policy, const std::string& machine, const Address& address);

}  // namespace dozo::policy
