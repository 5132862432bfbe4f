#include "netbios/udp_socket.h"

#include <netinet/in.h>
#include <poll.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace dozo::netbios {
namespace {

constexpr std::size_t kDatagramSizeMax = 65536;

// co_await: resumes when the descriptor can be read or at the deadline.
class ReadableAwaiter {
 public:
  ReadableAwaiter(runtime::Loop& loop, int fd, Instant deadline) : loop_(loop), fd_(fd), deadline_(deadline) {}
  ReadableAwaiter(const ReadableAwaiter&) = delete;
  ReadableAwaiter& operator=(const ReadableAwaiter&) = delete;
  bool await_ready() const { return false; }
  bool await_suspend(std::coroutine_handle<> h) {
    operation_.waiter = h;
    if (loop_.start_poll(operation_, fd_, POLLIN)) return false;
    timer_.arm(loop_, deadline_, &ReadableAwaiter::on_deadline, this);
    return true;
  }
  bool await_resume() const noexcept { return operation_.result > 0; }

 private:
  static void on_deadline(void* self_pointer) {
    auto& self = *static_cast<ReadableAwaiter*>(self_pointer);
    self.loop_.cancel(self.operation_);
  }

  runtime::Loop& loop_;
  int fd_;
  Instant deadline_;
  runtime::Operation operation_;
  runtime::Timer timer_;
};

// The C interface takes addresses through a pointer to what they all begin with.
const sockaddr* generic(const sockaddr_storage& storage) {
  return static_cast<const sockaddr*>(static_cast<const void*>(&storage));
}
sockaddr* generic(sockaddr_storage& storage) { return static_cast<sockaddr*>(static_cast<void*>(&storage)); }

}  // namespace

UdpSocket::UdpSocket(UdpSocket&& other) noexcept
    : loop_(std::exchange(other.loop_, nullptr)), fd_(std::exchange(other.fd_, -1)) {}

UdpSocket& UdpSocket::operator=(UdpSocket&& other) noexcept {
  std::swap(loop_, other.loop_);
  std::swap(fd_, other.fd_);
  return *this;
}

UdpSocket::~UdpSocket() {
  if (fd_ >= 0) loop_->close(fd_);
}

UdpSocket UdpSocket::open(runtime::Loop& loop, int family, std::string& error) {
  UdpSocket socket;
  const int fd = ::socket(family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) {
    error = std::strerror(errno);
    return socket;
  }
  socket.loop_ = &loop;
  socket.fd_ = fd;
  const int on = 1;
  ::setsockopt(fd, SOL_SOCKET, SO_BROADCAST, &on, sizeof on);
  return socket;
}

int UdpSocket::bind(const runtime::Endpoint& local, bool shared) {
  const int on = 1;
  if (shared && ::setsockopt(fd_, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) != 0) return errno;
  return ::bind(fd_, local.address(), local.length) == 0 ? 0 : errno;
}

int UdpSocket::set_multicast_interface(const runtime::Endpoint& local) {
  sockaddr_in address{};
  std::memcpy(&address, &local.storage, sizeof address);
  const int link_only = 1;
  if (::setsockopt(fd_, IPPROTO_IP, IP_MULTICAST_TTL, &link_only, sizeof link_only) != 0) return errno;
  return ::setsockopt(fd_, IPPROTO_IP, IP_MULTICAST_IF, &address.sin_addr, sizeof address.sin_addr) == 0 ? 0 : errno;
}

int UdpSocket::connect(const runtime::Endpoint& peer) {
  return ::connect(fd_, peer.address(), peer.length) == 0 ? 0 : errno;
}

int UdpSocket::send_to(const runtime::Endpoint& to, Bytes data) {
  return ::sendto(fd_, data.data(), data.size(), MSG_NOSIGNAL, generic(to.storage), to.length) < 0 ? errno : 0;
}

std::optional<Datagram> UdpSocket::receive_now() {
  Datagram datagram;
  datagram.data.resize(kDatagramSizeMax);
  datagram.from.length = sizeof datagram.from.storage;
  const ssize_t size = ::recvfrom(fd_, datagram.data.data(), datagram.data.size(), 0, generic(datagram.from.storage),
                                  &datagram.from.length);
  if (size < 0) {
    error_ = errno;
    return std::nullopt;
  }
  datagram.data.resize(static_cast<std::size_t>(size));
  return datagram;
}

runtime::Task<std::optional<Datagram>> UdpSocket::receive(Instant deadline) {
  error_ = 0;
  while (loop_->now() < deadline) {
    std::optional<Datagram> datagram = receive_now();
    if (datagram) co_return datagram;
    // An error of an earlier send (refused) is reported once, and says that nobody is there.
    if (error_ != EAGAIN && error_ != EINTR) co_return std::nullopt;
    error_ = 0;
    const bool readable = co_await ReadableAwaiter(*loop_, fd_, deadline);
    if (!readable) co_return std::nullopt;
  }
  co_return std::nullopt;
}

std::optional<runtime::Endpoint> endpoint_of(std::string_view address, std::uint16_t port) {
  std::string error;
  const bool bare_ipv6 = address.find(':') != address.npos && !address.starts_with('[');
  const std::string text = bare_ipv6 ? "[" + std::string(address) + "]" : std::string(address);
  const auto endpoints = runtime::parse_endpoints(text, port, error);
  if (endpoints.size() != 1) return std::nullopt;
  return endpoints.front();
}

bool same_host(const runtime::Endpoint& a, const runtime::Endpoint& b) {
  return a.family() == b.family() && a.host_text() == b.host_text();
}

}  // namespace dozo::netbios
