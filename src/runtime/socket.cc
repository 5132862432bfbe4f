#include "runtime/socket.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cstring>

#include <fmt/format.h>

namespace dozo::runtime {
namespace {

void send_without_delay(Handle socket) {
  const int on = 1;
  ::setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

// The address family's structure in its storage, and back.
template <class Address>
Address address_as(const sockaddr_storage& storage) {
  Address address;
  std::memcpy(&address, &storage, sizeof address);
  return address;
}

template <class Address>
Endpoint endpoint_of(const Address& address) {
  Endpoint endpoint;
  std::memcpy(&endpoint.storage, &address, sizeof address);
  endpoint.length = sizeof address;
  return endpoint;
}

Endpoint ipv4_endpoint(in_addr address, std::uint16_t port) {
  sockaddr_in in{};
  in.sin_family = AF_INET;
  in.sin_addr = address;
  in.sin_port = htons(port);
  return endpoint_of(in);
}

Endpoint ipv6_endpoint(in6_addr address, std::uint16_t port) {
  sockaddr_in6 in{};
  in.sin6_family = AF_INET6;
  in.sin6_addr = address;
  in.sin6_port = htons(port);
  return endpoint_of(in);
}

struct HostAndPort {
  std::string host;
  std::string_view port;  // empty: the default
};

// Whether `text` has the shape "host", "host:port", "[host]" or "[host]:port".
bool split(std::string_view text, HostAndPort& out) {
  if (text.starts_with('[')) {
    const auto end = text.find(']');
    if (end == std::string_view::npos) return false;
    out.host = text.substr(1, end - 1);
    const auto rest = text.substr(end + 1);
    if (rest.empty()) return true;
    out.port = rest.substr(1);
    return rest.starts_with(':') && !out.port.empty();
  }
  const auto colon = text.find(':');
  const bool is_ipv6 = colon != std::string_view::npos && text.find(':', colon + 1) != std::string_view::npos;
  if (is_ipv6 || colon == std::string_view::npos) {
    out.host = text;
    return true;
  }
  out.host = text.substr(0, colon);
  out.port = text.substr(colon + 1);
  return !out.port.empty();
}

bool parse_port(std::string_view text, std::uint16_t& port) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  return error == std::errc() && end == text.data() + text.size();
}

}  // namespace

Task<int> Socket::recv_all(MutableBytes into) {
  std::size_t done = 0;
  while (done < into.size()) {
    const int got = co_await recv(into.subspan(done));
    if (got < 0) co_return got;
    if (got == 0) break;
    done += static_cast<std::size_t>(got);
  }
  co_return static_cast<int>(done);
}

Task<int> Socket::send_all(Bytes bytes) {
  // sendmsg only reads what an iovec points to.
  iovec part{.iov_base = const_cast<std::uint8_t*>(bytes.data()), .iov_len = bytes.size()};
  const int sent = co_await send({&part, 1});
  co_return sent;
}

std::string Socket::peer_address() const {
  Endpoint peer;
  peer.length = sizeof peer.storage;
  sockaddr* address = static_cast<sockaddr*>(static_cast<void*>(&peer.storage));
  if (::getpeername(handle_, address, &peer.length) != 0) return "local";
  return peer.text();
}

const sockaddr* Endpoint::address() const { return static_cast<const sockaddr*>(static_cast<const void*>(&storage)); }

std::uint16_t Endpoint::port() const {
  if (family() == AF_INET) return ntohs(address_as<sockaddr_in>(storage).sin_port);
  if (family() == AF_INET6) return ntohs(address_as<sockaddr_in6>(storage).sin6_port);
  return 0;
}

std::string Endpoint::host_text() const {
  char text[INET6_ADDRSTRLEN] = "";
  if (family() == AF_INET) {
    const auto in = address_as<sockaddr_in>(storage);
    return ::inet_ntop(AF_INET, &in.sin_addr, text, sizeof text) != nullptr ? text : "local";
  }
  if (family() == AF_INET6) {
    const auto in = address_as<sockaddr_in6>(storage);
    return ::inet_ntop(AF_INET6, &in.sin6_addr, text, sizeof text) != nullptr ? text : "local";
  }
  return "local";
}

std::string Endpoint::text() const {
  if (family() == AF_INET) return fmt::format("{}:{}", host_text(), port());
  if (family() == AF_INET6) return fmt::format("[{}]:{}", host_text(), port());
  return "local";
}

std::vector<Endpoint> parse_endpoints(std::string_view text, std::uint16_t default_port, std::string& error) {
  HostAndPort parts;
  std::uint16_t port = default_port;
  if (text.empty() || !split(text, parts)) {
    error = fmt::format("\"{}\" is not of the form ADDRESS, ADDRESS:PORT or [ADDRESS]:PORT", text);
    return {};
  }
  if (!parts.port.empty() && !parse_port(parts.port, port)) {
    error = fmt::format("\"{}\" is not a port number", parts.port);
    return {};
  }
  if (parts.host == "*") return {ipv4_endpoint({INADDR_ANY}, port), ipv6_endpoint(in6addr_any, port)};
  in_addr v4{};
  if (::inet_pton(AF_INET, parts.host.c_str(), &v4) == 1) return {ipv4_endpoint(v4, port)};
  in6_addr v6{};
  if (::inet_pton(AF_INET6, parts.host.c_str(), &v6) == 1) return {ipv6_endpoint(v6, port)};
  error = fmt::format("\"{}\" is not an IPv4 or IPv6 address", parts.host);
  return {};
}

int listen_on(const Endpoint& endpoint, int backlog) {
  const int fd = ::socket(endpoint.family(), SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return -errno;
  const int on = 1;
  ::setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (endpoint.family() == AF_INET6) ::setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on);
  if (::bind(fd, endpoint.address(), endpoint.length) == 0 && ::listen(fd, backlog) == 0) return fd;
  const int error = errno;
  ::close(fd);
  return -error;
}

Endpoint local_endpoint(int fd) {
  Endpoint endpoint;
  endpoint.length = sizeof endpoint.storage;
  sockaddr* address = static_cast<sockaddr*>(static_cast<void*>(&endpoint.storage));
  if (::getsockname(fd, address, &endpoint.length) != 0) return {};
  return endpoint;
}

Task<Connected> accept_connection(Loop& loop, Handle listener) {
  const int handle = co_await accept(loop, listener);
  if (handle < 0) co_return Connected{.socket = {}, .error = handle};
  send_without_delay(handle);
  co_return Connected{.socket = Socket(loop, handle)};
}

Task<Connected> connect_to(Loop& loop, Endpoint endpoint) {
  const Handle handle = loop.open_socket(endpoint.family());
  if (handle < 0) co_return Connected{.socket = {}, .error = handle};
  Socket socket(loop, handle);
  const int result = co_await connect(loop, handle, endpoint.address(), endpoint.length);
  if (result < 0) co_return Connected{.socket = {}, .error = result};
  send_without_delay(handle);
  co_return Connected{.socket = std::move(socket)};
}

}  // namespace dozo::runtime
