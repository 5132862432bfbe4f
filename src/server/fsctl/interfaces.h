// The network addresses of this host, as clients that look for more channels are told them.
#pragma once

#include <string>
#include <vector>

#include "server/config.h"
#include "wire/fscc/fsctl.h"

namespace dozo::server {

struct HostAddress {
  std::uint32_t index = 0;  // of the interface
  bool loopback = false;
  bool rss = false;              // several receive queues
  std::uint64_t link_speed = 0;  // bits a second
  wire::SockAddrStorage sockaddr{};
  std::string text;  // "192.0.2.7"
};

// Those of interfaces that are up, link-local ones aside. Reads /sys: may block.
std::vector<HostAddress> host_addresses();

// Of the host's addresses those in server.interfaces; when that is empty those that are listened on, loopback ones only
// where nothing else is. Pure.
std::vector<wire::NetworkInterfaceInfo> told_interfaces(const std::vector<HostAddress>& addresses,
                                                        const ServerConfig& config);

}  // namespace dozo::server
