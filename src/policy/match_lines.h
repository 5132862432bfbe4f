// What the text of any backend comes down to when it is read back: lines that match a connection and decide, or go on.
// A backend's parser makes them in the order in which its firewall asks them.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "policy/backend.h"

namespace dozo::policy {

// One end of a connection against a set that many lines may share; without one: anybody.
struct AddressTest {
  std::shared_ptr<const AddressSpace> among;
  bool negated = false;
  bool holds(const Address& address) const { return !among || among->contains(address) != negated; }
};

struct MatchLine {
  std::string rule;                  // the model's id, from the tag; empty: what ends the list, not a rule of the model
  std::optional<Decision> decision;  // nothing: it logs, and the next line is asked
  bool final = true;                 // else a later line that matches decides instead (pf without `quick`)
  std::optional<Direction> direction;
  std::optional<Family> family;
  Profiles profiles = Profiles::all();
  std::optional<Protocol> protocol;
  PortSet ports;  // of the responder; empty: any
  AddressTest from, to;
  std::optional<std::vector<Mac>> macs;
  bool secure_only = false;
  bool established_only = false;
  bool never = false;  // of loopback or of replies alone: no flow that is asked about
};
bool matches(const MatchLine& line, const Flow& flow);

// The first line that matches decides; a line that is not final, only when no later one matches. No line: pass.
class MatchList : public CompiledRules {
 public:
  explicit MatchList(std::vector<MatchLine> lines) : lines_(std::move(lines)) {}
  Verdict evaluate(const Flow& flow) const override;

 private:
  std::vector<MatchLine> lines_;
};

}  // namespace dozo::policy
