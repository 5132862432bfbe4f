// One entry of server.interfaces: an address of the host that clients are told, and what they are told about it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace dozo::server {

struct InterfaceSetting {
  std::string address;                      // numeric, without brackets
  std::optional<std::uint64_t> link_speed;  // bits a second; none: what the host says
  std::optional<bool> rss;                  // several receive queues; none: what the host says
  bool rdma = false;
  bool operator==(const InterfaceSetting&) const = default;
};

// "ADDR", then in any order "speed=MEGABITS", "rss" or "no-rss", "rdma", with blanks between; nothing for anything
// else. Whether ADDR is an address is not looked at.
std::optional<InterfaceSetting> interface_from_string(std::string_view text);

}  // namespace dozo::server
