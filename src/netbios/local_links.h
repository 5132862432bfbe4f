// The links this computer is on, as far as broadcasts and multicasts matter.
#pragma once

#include <string>
#include <vector>

#include "runtime/socket.h"

namespace dozo::netbios {

struct Link {
  std::string interface;  // "eth0"
  runtime::Endpoint address;
  runtime::Endpoint broadcast;  // the address all hosts of the link hear; port 0
};

// IPv4 addresses of interfaces that are up, can broadcast and are not the loopback; of one interface when it is named.
std::vector<Link> local_links(std::string_view only_interface = {});
// All IPv4 addresses of this computer with their interface, the loopback's too.
std::vector<Link> local_addresses();

}  // namespace dozo::netbios
