// Names to addresses, as the system does it.
#pragma once

#include <string>
#include <vector>

#include "runtime/socket.h"

namespace dozo::client {

// The addresses of `host` (a name, or an address itself), in the order they are to be tried. Blocks. Empty, and `error`
// says why, when there are none.
std::vector<runtime::Endpoint> resolve_host(const std::string& host, std::uint16_t port, std::string& error);

}  // namespace dozo::client
