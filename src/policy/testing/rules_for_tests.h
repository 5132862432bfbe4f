// Short ways to write rules and flows in tests.
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>

#include "policy/model.h"

namespace dozo::policy::testing {

inline Address address(std::string_view text) { return *address_from_string(text); }
AddressSpace space(std::initializer_list<std::string_view> ranges);

// A TCP rule for port 445, any profile, from and to anybody.
Rule smb_rule(std::string id, Direction direction, Action action);

// TCP to port 445, domain profile.
Flow smb_flow(Direction direction, std::string_view source, std::string_view destination);

// Microsoft's rules for a client that is in a domain (KB 3185535): I5, O1, O2 and O3, the IPsec rule that O2 needs, the
// predefined rules I1 to I4 off. Servers are 10.0.1.10, 10.0.1.11 and fd00:1::10.
RuleSet microsoft_client();
// A gateway: 445, 139, 137 and 138 are dropped in both directions, but 445 to 203.0.113.0/24 (an Azure range); insiders
// are 10.0.0.0/8 and fd00::/8; 198.51.100.0/24 is banned.
RuleSet microsoft_perimeter();
// A server: 445 from 10.0.0.0/8 and fd00::/8 in domain and private, with a banned host, nothing else.
RuleSet file_server();

}  // namespace dozo::policy::testing
