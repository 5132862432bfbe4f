// What the peer's TCP has taken of what a socket sent.
#pragma once

#include <cstdint>
#include <optional>

#include "runtime/socket.h"

namespace dozo::runtime {

struct Delivery {
  std::uint64_t acknowledged = 0;  // bytes, since the connection was made
  std::uint64_t outstanding = 0;   // bytes that were given to the socket and are not acknowledged
};

// nullopt: the transport does not say (simulated; other than TCP).
std::optional<Delivery> delivery_of(const Socket& socket);

}  // namespace dozo::runtime
