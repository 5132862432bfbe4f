// The parts of reading a policy file, in the order they depend on each other. Each gathers its problems in a Report.
#pragma once

#include <set>
#include <string>

#include "policy/places.h"
#include "policy/policy.h"
#include "policy/section.h"

namespace dozo::policy {

// What one file is being made into.
struct Reading {
  const TomlValue& root;
  const ReadOptions& options;
  Report report;
  Places places;
  Policy policy;

  Reading(const TomlValue& tree, std::string_view file, const ReadOptions& read_options)
      : root(tree), options(read_options), report(std::string(file)), places(report) {}
  Reading(const Reading&) = delete;
  Reading& operator=(const Reading&) = delete;

  // The table or list under a key of the top; null when it is not there.
  const TomlValue* top(std::string_view key) const;
  // The tables of [[key]], after an error none.
  std::vector<const TomlValue*> tables(std::string_view key);
};

void read_places(Reading& reading);    // [zones] [objects] [azure]; names of [roles] and [[host]]
void read_machines(Reading& reading);  // [roles] [[host]] [ipsec]; after read_places
void read_services(Reading& reading);  // [services] [macs] [[blocklist]] [bans]
void read_rules(Reading& reading);     // [[rule]]; after all others

// A set's, rule's or host's name made of what a person wrote: lower case, and `filler` for what is no letter or digit.
std::string as_word(std::string_view text, char filler, std::size_t length_max);

}  // namespace dozo::policy
