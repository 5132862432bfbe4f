// Who is in the neighbourhood: NetBIOS names and browser announcements, multicast DNS, WS-Discovery, put together by
// address.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "netbios/datagram.h"
#include "netbios/exchange.h"

namespace dozo::netbios {

struct Neighbour {
  std::string address;
  std::string name;     // the NetBIOS name, else what multicast DNS calls it; may be empty
  std::string group;    // workgroup or domain; may be empty
  std::string comment;  // as the host announces it, or its service's name
  bool file_server = false;
  std::set<std::string> roles;     // "master browser", "domain controller"
  std::set<std::string> heard_by;  // "netbios" "announcement" "mdns" "wsd"
};

struct BrowseSettings {
  std::vector<Link> links;
  Patience patience;
  Duration listen{};  // how long announcements are waited for; zero: not at all
  std::uint16_t name_service_port = kNameServicePort, datagram_port = kDatagramPort;
  std::uint16_t mdns_port = kMdnsPort, ws_discovery_port = kWsDiscoveryPort;
};

struct Neighbourhood {
  std::vector<Neighbour> hosts;    // by address
  std::vector<std::string> notes;  // what could not be asked, and why
};

runtime::Task<Neighbourhood> browse(runtime::Loop& loop, BrowseSettings settings);

// What a host's name table says about it. Pure.
void take_node_status(const NodeStatus& status, Neighbour& host);
// Likewise of a datagram that came from it; false when it announces no host.
bool take_announcement(Bytes datagram, Neighbour& host);

}  // namespace dozo::netbios
