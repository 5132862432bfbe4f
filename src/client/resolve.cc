#include "client/resolve.h"

#include <netdb.h>

#include <cstring>

namespace dozo::client {

std::vector<runtime::Endpoint> resolve_host(const std::string& host, std::uint16_t port, std::string& error) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* list = nullptr;
  const int result = getaddrinfo(host.c_str(), std::to_string(port).c_str(), &hints, &list);
  if (result != 0) error = gai_strerror(result);
  std::vector<runtime::Endpoint> endpoints;
  for (const addrinfo* it = list; it != nullptr; it = it->ai_next) {
    runtime::Endpoint endpoint;
    if (it->ai_addrlen > sizeof endpoint.storage) continue;
    std::memcpy(&endpoint.storage, it->ai_addr, it->ai_addrlen);
    endpoint.length = it->ai_addrlen;
    endpoints.push_back(endpoint);
  }
  if (list != nullptr) freeaddrinfo(list);
  return endpoints;
}

}  // namespace dozo::client
