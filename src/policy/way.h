// The way of connections from one place of a policy to another: past which machines' firewalls, and what each sees.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "policy/policy.h"
#include "policy/region.h"

namespace dozo::policy {

// One machine's part: those of the flows that pass it.
struct Stretch {
  std::string machine;
  Box box;
};

struct WayQuestion {
  std::string from, to;  // names of places or machines
  Protocol protocol = Protocol::tcp;
  std::uint16_t port = 445;
  std::optional<Profile> profile;  // else the network that each machine is on at work
};

// Out at the source when it is a machine of the policy, through each gateway where the zone changes, in at the
// destination when it is a machine. Flows are protected by IPsec when both ends have it.
std::vector<Stretch> way_between(const Policy& policy, const WayQuestion& question);

// What of a stretch is refused, on the policy's own account (bans apart).
Region refused_on(const Policy& policy, const Stretch& stretch);

// Whether connections from one place reach another.
enum class Reach : std::uint8_t { all, some, none, nobody };  // nobody: one of the places has no addresses
Reach reach_between(const Policy& policy, const WayQuestion& question);

// Whose firewalls stand between zones: the hosts that are gateways, else the role.
std::vector<std::string> gateways(const Policy& policy);
// The addresses of a place or a machine by its name; `internet` too.
AddressSpace addresses_of(const Policy& policy, const std::string& name);
// The profile of a machine that is where its servers are: domain for members of a domain, else private.
Profile profile_at_work(const Policy& policy, const std::string& machine);

}  // namespace dozo::policy
