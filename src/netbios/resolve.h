// Resolving a name by every mechanism that Windows and Linux know, one after the other, and what the answers say
// together.
#pragma once

#include <string>
#include <vector>

#include "netbios/exchange.h"

namespace dozo::netbios {

// In the order Windows asks them: RFC 4795 and multicast DNS after the DNS, NetBIOS last.
enum class Mechanism { hosts_file, dns, mdns, llmnr, nbns_server, nbns_broadcast, lmhosts };
std::string_view mechanism_text(Mechanism mechanism);
// Whether anybody on the link may answer: nothing proves that the answer is the owner's.
bool is_unauthenticated_multicast(Mechanism mechanism);

struct ResolveSettings {
  std::string hosts_file, lmhosts_file;  // their text
  std::vector<runtime::Endpoint> dns_servers;
  std::vector<std::string> search;  // domains that are tried with a name without a dot
  std::vector<runtime::Endpoint> wins_servers;
  std::vector<Link> links;
  // Where the groups and broadcasts are asked; another port only in tests.
  std::uint16_t mdns_port = kMdnsPort, llmnr_port = kLlmnrPort, name_service_port = kNameServicePort;
  Patience patience;
  bool all_mechanisms = true;  // false: the first that finds something is the last
  bool ask_for_nobody = true;  // also ask each multicast mechanism for a name that nobody can have
};

// One mechanism asked at one place.
struct Step {
  Mechanism mechanism = Mechanism::hosts_file;
  std::string where;  // "192.0.2.53", "eth0 (224.0.0.252)"; empty for files
  std::string asked;  // the name as it was asked, "storehouse.example.org"
  std::vector<NameAnswer> answers;
  std::string silence;   // why there is no answer, or why it was not asked
  bool skipped = false;  // not asked
  Duration took{};

  bool found() const;
};

struct Finding {
  enum class Kind { conflict, several_answer, only_multicast, answers_for_nobody } kind;
  std::string text;
};

struct Trace {
  std::vector<Step> steps;
  std::vector<Finding> findings;
  // Of the first step that found something.
  const Step* first() const;
};

runtime::Task<Trace> resolve(runtime::Loop& loop, std::string name, ResolveSettings settings);

// What the answers say together. Separate, so that it can be tested without a network.
std::vector<Finding> findings_of(const std::vector<Step>& steps);

}  // namespace dozo::netbios
