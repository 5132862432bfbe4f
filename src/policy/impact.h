// Who uses the ports of a policy on this computer now: programs and their peers, before anything is blocked. Read from
// /proc; the units that run, from the control groups.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "policy/model.h"

namespace dozo::policy {

struct SocketUse {
  Protocol protocol = Protocol::tcp;
  Address local, remote;
  std::uint16_t local_port = 0, remote_port = 0;
  std::string state;  // "listen", "established", …; of UDP "bound" or "connected"
  std::uint64_t inode = 0;
  std::uint32_t pid = 0;  // 0: not known, for it is another user's
  std::string program;    // its command's name; empty when not known
  bool operator==(const SocketUse&) const = default;

  bool is_listener() const { return state == "listen" || state == "bound"; }
};

// The sockets in a text as /proc/net/tcp, tcp6, udp and udp6 have it. Lines that are none are left out.
std::vector<SocketUse> sockets_in(std::string_view proc_net, Protocol protocol, Family family);

// Those of this computer that use a port of one of the services, with their programs; sockets of TCP that have nobody
// any more (time-wait) left out. `proc` is "/proc".
std::vector<SocketUse> sockets_of_services(const std::vector<Service>& services, const std::string& proc);

// The flow that a connection is: `in` when its local port is a service's and `out` when its remote one is.
// Nothing for a listener.
std::optional<Flow> flow_of(const SocketUse& use, const std::vector<Service>& services, Profile profile);

// A unit of systemd that serves or speaks SMB.
struct UnitState {
  std::string unit;  // "smbd.service"
  SystemService service = SystemService::server;
  bool running = false;
  bool operator==(const UnitState&) const = default;
};
// Those that dozo knows. `cgroups` is "/sys/fs/cgroup"; a unit runs when it has a group in system.slice.
std::vector<UnitState> smb_units(const std::string& cgroups);

// Whether a unit may be stopped on a machine of this role, and why: never the server service of a domain controller or
// a file server.
struct StopAdvice {
  bool may = false;
  std::string why;
};
StopAdvice may_stop(SystemService service, Role role, bool domain_member);

}  // namespace dozo::policy
