// What the peer's TCP has taken of what a socket sent.
#pragma once

#include <cstdint>
#include <optional>

#include "runtime/socket.h"

namespace dozo::runtime {

struct Delivery {
  std::uint64_t acknowledged = 0;  // bytes, since the connection was made
  bool complete = false;           // nothing that was sent is still to be acknowledged
};

// nullopt: the transport does not say (simulated; other than TCP).
std::optional<Delivery> delivery_of(const Socket& socket);

}  // namespace dozo::runtime
