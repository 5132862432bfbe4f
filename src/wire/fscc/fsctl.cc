#include "wire/fscc/fsctl.h"

#include <algorithm>

namespace dozo::wire {

// [MS-SMB2] 2.2.32.5.1.1 SOCKADDR_IN: family 2, port, address, eight reserved bytes.
SockAddrStorage sockaddr_v4(const std::array<std::uint8_t, 4>& address) {
  SockAddrStorage out{};
  out[0] = 0x02;
  std::copy(address.begin(), address.end(), out.begin() + 4);
  return out;
}

// [MS-SMB2] 2.2.32.5.1.2 SOCKADDR_IN6: family 0x17, port, flow information, address, scope.
SockAddrStorage sockaddr_v6(const std::array<std::uint8_t, 16>& address) {
  SockAddrStorage out{};
  out[0] = 0x17;
  std::copy(address.begin(), address.end(), out.begin() + 8);
  return out;
}

}  // namespace dozo::wire
