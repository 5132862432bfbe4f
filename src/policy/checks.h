// Checks that refuse a policy: what reads well and is wrong.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "policy/policy.h"

namespace dozo::policy {

// Rules that never decide anything on any machine they are on: contradicted, shadowed, unreachable. Exact.
Problems check_rules(const Policy& policy);
// Servers and domain controllers that those whom they serve cannot reach by SMB, on a way of ours.
Problems check_needs(const Policy& policy);
// allow-if-secure without IPsec on both ends: it never holds, and the block it is to override then blocks everything.
Problems check_ipsec(const Policy& policy);
// Services that are to be stopped where they must not be.
Problems check_services(const Policy& policy);
// All of them, in order. What `dozo policy check` prints and every command that goes on with a policy asks.
Problems check_policy(const Policy& policy);

// A session of the administrator that must outlive the rules: SSH, WinRM, SMB, as its connection stands.
struct AdminSession {
  std::string name;  // "SSH"
  Flow flow;         // as the machine sees it: `in` when the session came in
  bool operator==(const AdminSession&) const = default;
};
// Those that the machine's rules would end or not let in again.
Problems check_sessions(const Policy& policy, const std::string& machine, const std::vector<AdminSession>& sessions);
// From $SSH_CONNECTION ("192.0.2.1 50000 192.0.2.2 22"); nothing when it is no such text.
std::optional<AdminSession> session_of_ssh(std::string_view ssh_connection, Profile profile);

// Names of machines whose rules differ: each role, and the hosts that have rules of their own or lack some.
std::vector<std::string> distinct_machines(const Policy& policy);

}  // namespace dozo::policy
