// A datagram socket of a loop, and the wait for what comes to it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/bytes.h"
#include "runtime/loop.h"
#include "runtime/socket.h"
#include "runtime/task.h"

namespace dozo::netbios {

struct Datagram {
  runtime::Endpoint from;
  ByteVector data;
};

// Resource; move-only; one loop. Of the kinds of loop, the two real ones.
class UdpSocket {
 public:
  UdpSocket() = default;
  UdpSocket(UdpSocket&& other) noexcept;
  UdpSocket& operator=(UdpSocket&& other) noexcept;
  ~UdpSocket();

  // A socket of the family, which may broadcast and is bound to nothing yet. On failure it is false, and `error` says
  // why.
  static UdpSocket open(runtime::Loop& loop, int family, std::string& error);
  explicit operator bool() const { return fd_ >= 0; }
  int fd() const { return fd_; }

  // 0 or errno. `shared`: others of this computer may have the port too (broadcasts and multicasts reach each).
  int bind(const runtime::Endpoint& local, bool shared = false);
  // Where multicasts leave: the interface with this IPv4 address. They stay on the link. 0 or errno.
  int set_multicast_interface(const runtime::Endpoint& local);

  // From now on only this peer is heard, and its refusals are. 0 or errno.
  int connect(const runtime::Endpoint& peer);
  int send_to(const runtime::Endpoint& to, Bytes data);  // 0 or errno; does not wait
  // The next datagram, cut at 64 KiB; nothing when there was none until `deadline`, or the socket failed.
  runtime::Task<std::optional<Datagram>> receive(Instant deadline);
  int last_error() const { return error_; }  // of the last receive() that ended with nothing; 0: its time was over

 private:
  std::optional<Datagram> receive_now();

  runtime::Loop* loop_ = nullptr;
  int fd_ = -1;
  int error_ = 0;
};

// An IPv4 or IPv6 address as text (no name) with a port; nothing when it is none.
std::optional<runtime::Endpoint> endpoint_of(std::string_view address, std::uint16_t port);
bool same_host(const runtime::Endpoint& a, const runtime::Endpoint& b);  // the ports may differ

}  // namespace dozo::netbios
