#include "netbios/local_links.h"

#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>

#include <cstring>
#include <memory>

namespace dozo::netbios {
namespace {

runtime::Endpoint endpoint_from(const sockaddr* address) {
  runtime::Endpoint endpoint;
  std::memcpy(&endpoint.storage, address, sizeof(sockaddr_in));
  endpoint.length = sizeof(sockaddr_in);
  return endpoint;
}

template <class Wanted>
std::vector<Link> links_that(Wanted wanted) {
  ifaddrs* list = nullptr;
  if (::getifaddrs(&list) != 0) return {};
  const std::unique_ptr<ifaddrs, void (*)(ifaddrs*)> owner(list, ::freeifaddrs);
  std::vector<Link> links;
  for (const ifaddrs* it = list; it != nullptr; it = it->ifa_next) {
    const bool usable = it->ifa_addr != nullptr && it->ifa_addr->sa_family == AF_INET && (it->ifa_flags & IFF_UP) != 0;
    if (!usable || !wanted(*it)) continue;
    Link link{it->ifa_name, endpoint_from(it->ifa_addr), endpoint_from(it->ifa_addr)};
    if ((it->ifa_flags & IFF_BROADCAST) != 0 && it->ifa_broadaddr != nullptr) {
      link.broadcast = endpoint_from(it->ifa_broadaddr);
    }
    links.push_back(std::move(link));
  }
  return links;
}

}  // namespace

std::vector<Link> local_links(std::string_view only_interface) {
  return links_that([only_interface](const ifaddrs& it) {
    const bool named = only_interface.empty() || only_interface == it.ifa_name;
    return named && (it.ifa_flags & IFF_LOOPBACK) == 0 && (it.ifa_flags & IFF_BROADCAST) != 0 &&
           it.ifa_broadaddr != nullptr;
  });
}

std::vector<Link> local_addresses() {
  return links_that([](const ifaddrs&) { return true; });
}

}  // namespace dozo::netbios
