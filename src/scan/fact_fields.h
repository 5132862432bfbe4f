// The members of HostFacts by their names in JSON: one list for whoever writes, reads, compares or shows them all.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "scan/facts.h"

namespace dozo::scan {

template <class Member>
struct Field {
  std::string_view name;   // as the JSON lines spell it: "signing_required"
  std::string_view label;  // for people: "Signing required"
  Member HostFacts::* member;
};

std::span<const Field<std::string>> text_fields();
std::span<const Field<Fact>> fact_fields();
std::span<const Field<FactsByName>> family_fields();

// Every fact of a host by its path, in the order of the lists above, then capabilities and shares: "smb1",
// "dialects.3.1.1", "capabilities.3.0.leasing", "shares.public.write". The facts live as long as `host`.
struct NamedFact {
  std::string name;
  const Fact* fact;
};
std::vector<NamedFact> all_facts(const HostFacts& host);

// The fact of that name; one that was never asked for when there is none.
const Fact& fact_of(const FactsByName& facts, std::string_view name);

// The names of a family that are in this state.
std::vector<std::string> names_in(const FactsByName& facts, State state);

}  // namespace dozo::scan
