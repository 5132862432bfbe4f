// The network addresses of this host, as clients that look for more channels are told them.
#pragma once

#include <string>
#include <vector>

#include "wire/fscc/fsctl.h"

namespace dozo::server {

struct HostAddress {
  std::uint32_t index = 0;  // of the interface
  bool loopback = false;
  std::uint64_t link_speed = 0;  // bits a second
  wire::SockAddrStorage sockaddr{};
  std::string text;  // "192.0.2.7"
};

// Those of interfaces that are up, link-local ones aside. Reads /sys: may block.
std::vector<HostAddress> host_addresses();

// `configured`: the addresses to tell; empty: all, loopback ones only where there is nothing else. Pure.
std::vector<wire::NetworkInterfaceInfo> told_interfaces(const std::vector<HostAddress>& addresses,
                                                        const std::vector<std::string>& configured);

}  // namespace dozo::server
