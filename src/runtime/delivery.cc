#include "runtime/delivery.h"

#include <linux/sockios.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <sys/ioctl.h>

namespace dozo::runtime {

std::optional<Delivery> delivery_of(const Socket& socket) {
  if (!socket || socket.loop().backend_name() == "simulated") return std::nullopt;
  tcp_info info{};
  socklen_t size = sizeof info;
  int queued = 0;
  if (::getsockopt(socket.handle(), IPPROTO_TCP, TCP_INFO, &info, &size) != 0) return std::nullopt;
  if (::ioctl(socket.handle(), SIOCOUTQ, &queued) != 0) return std::nullopt;
  return Delivery{.acknowledged = info.tcpi_bytes_acked, .outstanding = static_cast<std::uint64_t>(queued)};
}

}  // namespace dozo::runtime
