// Socket: a stream socket of a loop. And what there is to do with addresses.
#pragma once

#include <sys/socket.h>

#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "runtime/loop.h"
#include "runtime/task.h"

namespace dozo::runtime {

// Resource; move-only; closes its handle. The owner sees to it that no operation is pending then: shutdown() first,
// and await what was started.
class Socket {
 public:
  Socket() = default;
  Socket(Loop& loop, Handle handle) : loop_(&loop), handle_(handle) {}
  Socket(Socket&& other) noexcept
      : loop_(std::exchange(other.loop_, nullptr)), handle_(std::exchange(other.handle_, -1)) {}
  Socket& operator=(Socket&& other) noexcept {
    if (this != &other) {
      close();
      loop_ = std::exchange(other.loop_, nullptr);
      handle_ = std::exchange(other.handle_, -1);
    }
    return *this;
  }
  ~Socket() { close(); }

  explicit operator bool() const { return loop_ != nullptr; }
  Handle handle() const { return handle_; }
  Loop& loop() const { return *loop_; }
  // Gives the handle away, to be adopted on another loop of the same kind.
  Handle release() {
    loop_ = nullptr;
    return std::exchange(handle_, -1);
  }

  // Awaitable. Bytes received, 0 when the peer has closed, or -errno.
  auto recv(MutableBytes into) { return runtime::recv(*loop_, handle_, into); }
  // Awaitable. All of it is sent, or -errno. The iovecs may be changed.
  auto send(std::span<iovec> parts) { return runtime::send(*loop_, handle_, parts); }
  // Bytes received: fewer than `into` only when the peer has closed; or -errno.
  Task<int> recv_all(MutableBytes into);
  Task<int> send_all(Bytes bytes);

  // Ends pending operations in both directions.
  void shutdown() {
    if (loop_ != nullptr) loop_->shutdown(handle_);
  }
  // Ends receiving; what is sent still leaves.
  void shutdown_receiving() {
    if (loop_ != nullptr) loop_->shutdown_receiving(handle_);
  }
  void close() {
    if (loop_ != nullptr) std::exchange(loop_, nullptr)->close(std::exchange(handle_, -1));
  }
  // "192.0.2.7:51234", "[2001:db8::1]:51234"; "local" for what has no such address.
  std::string peer_address() const;

 private:
  Loop* loop_ = nullptr;
  Handle handle_ = -1;
};

// An address and port of IPv4 or IPv6. Value.
struct Endpoint {
  sockaddr_storage storage{};
  socklen_t length = 0;

  const sockaddr* address() const;
  int family() const { return storage.ss_family; }
  std::uint16_t port() const;
  std::string text() const;       // "192.0.2.7:445", "[::]:445"
  std::string host_text() const;  // "192.0.2.7", "::"
};

// "192.0.2.7:445", "[::1]:445", "192.0.2.7", "::1", "*" (every IPv4 and IPv6 address: two endpoints), "*:445". The port
// may be left out. Names are not resolved. Empty, and `error` says why, when it is none of these.
std::vector<Endpoint> parse_endpoints(std::string_view text, std::uint16_t default_port, std::string& error);

// A listening socket, or -errno. An IPv6 one takes no IPv4 connections, so that both can be listened on.
int listen_on(const Endpoint& endpoint, int backlog);
// The endpoint a socket is bound to (for port 0: the port it got).
Endpoint local_endpoint(int fd);

// Awaits a connection; it sends without the delay of Nagle's algorithm. No socket and `error` when it failed.
struct Connected {
  Socket socket;
  int error = 0;  // -errno
};
Task<Connected> accept_connection(Loop& loop, Handle listener);
// Connects to an endpoint; likewise.
Task<Connected> connect_to(Loop& loop, Endpoint endpoint);

}  // namespace dozo::runtime
