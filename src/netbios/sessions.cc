#include "netbios/sessions.h"

#include <arpa/inet.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <linux/sock_diag.h>
#include <linux/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <optional>

namespace dozo::netbios {
namespace {

constexpr std::uint8_t kEstablished = 1, kSynSent = 2, kSynReceived = 3, kListen = 10;  // the kernel's TCP states
constexpr std::size_t kAnswerSize = 64 * 1024;

template <class T>
std::optional<T> structure_at(Bytes bytes, std::size_t offset) {
  if (!in_range(offset, sizeof(T), bytes.size())) return std::nullopt;
  T value;
  std::memcpy(&value, bytes.data() + offset, sizeof value);
  return value;
}

std::size_t aligned(std::size_t size) { return (size + 3) / 4 * 4; }

bool is_smb(std::uint16_t port) { return port == 139 || port == 445; }

std::string state_text(std::uint8_t state) {
  if (state == kListen) return "Listening";
  if (state == kEstablished) return "Connected";
  return state == kSynSent || state == kSynReceived ? "Connecting" : "Disconnecting";
}

std::string address_text(std::uint8_t family, const std::uint32_t (&address)[4]) {
  char text[INET6_ADDRSTRLEN] = "";
  inet_ntop(family, address, text, sizeof text);
  const std::string_view mapped = "::ffff:";
  return std::string_view(text).starts_with(mapped) ? std::string(text + mapped.size()) : text;
}

// The attribute with the counters; older kernels have a shorter one.
void take_counters(Bytes attributes, SmbConnection& connection) {
  std::size_t at = 0;
  while (const auto attribute = structure_at<rtattr>(attributes, at)) {
    if (attribute->rta_len < sizeof(rtattr)) return;
    tcp_info info{};
    const std::size_t size = attribute->rta_len - sizeof(rtattr);
    if (attribute->rta_type == INET_DIAG_INFO && in_range(at + sizeof(rtattr), size, attributes.size())) {
      std::memcpy(&info, attributes.data() + at + sizeof(rtattr), std::min(size, sizeof info));
      connection.bytes_in = info.tcpi_bytes_received;
      connection.bytes_out = info.tcpi_bytes_acked;
    }
    at += aligned(attribute->rta_len);
  }
}

void append_connection(Bytes body, std::vector<SmbConnection>& out) {
  const auto message = structure_at<inet_diag_msg>(body, 0);
  if (!message) return;
  SmbConnection connection;
  connection.local_port = ntohs(message->id.idiag_sport);
  connection.remote_port = ntohs(message->id.idiag_dport);
  if (!is_smb(connection.local_port) && !is_smb(connection.remote_port)) return;
  connection.listening = message->idiag_state == kListen;
  connection.inbound = is_smb(connection.local_port);
  connection.state = state_text(message->idiag_state);
  connection.local = address_text(message->idiag_family, message->id.idiag_src);
  if (!connection.listening) connection.remote = address_text(message->idiag_family, message->id.idiag_dst);
  take_counters(body.subspan(std::min(body.size(), aligned(sizeof *message))), connection);
  out.push_back(std::move(connection));
}

std::string error_text() { return std::strerror(errno); }

// Asks for all TCP sockets of one family.
std::string append_family(int fd, std::uint8_t family, std::vector<SmbConnection>& out) {
  struct {
    nlmsghdr header;
    inet_diag_req_v2 request;
  } message{};
  message.header.nlmsg_len = sizeof message;
  message.header.nlmsg_type = SOCK_DIAG_BY_FAMILY;
  message.header.nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
  message.request.sdiag_family = family;
  message.request.sdiag_protocol = IPPROTO_TCP;
  message.request.idiag_ext = 1 << (INET_DIAG_INFO - 1);
  message.request.idiag_states = ~0u;
  if (::send(fd, &message, sizeof message, 0) < 0) return error_text();
  ByteVector answer(kAnswerSize);
  for (bool done = false; !done;) {
    const ssize_t size = ::recv(fd, answer.data(), answer.size(), 0);
    if (size < 0 && errno == EINTR) continue;
    if (size <= 0) return error_text();
    append_connections(Bytes(answer).first(static_cast<std::size_t>(size)), out, done);
  }
  return "";
}

}  // namespace

void append_connections(Bytes answer, std::vector<SmbConnection>& out, bool& done) {
  std::size_t at = 0;
  while (const auto header = structure_at<nlmsghdr>(answer, at)) {
    const std::size_t size = header->nlmsg_len;
    done = done || header->nlmsg_type == NLMSG_DONE || header->nlmsg_type == NLMSG_ERROR;
    if (size < sizeof(nlmsghdr) || !in_range(at, size, answer.size())) {
      done = true;  // not what the kernel sends
      return;
    }
    if (header->nlmsg_type == SOCK_DIAG_BY_FAMILY) {
      append_connection(answer.subspan(at + sizeof(nlmsghdr), size - sizeof(nlmsghdr)), out);
    }
    at += aligned(size);
  }
}

std::expected<std::vector<SmbConnection>, std::string> smb_connections() {
  const int fd = ::socket(AF_NETLINK, SOCK_DGRAM | SOCK_CLOEXEC, NETLINK_SOCK_DIAG);
  if (fd < 0) return std::unexpected(error_text());
  std::vector<SmbConnection> connections;
  std::string error = append_family(fd, AF_INET, connections);
  if (error.empty()) error = append_family(fd, AF_INET6, connections);
  ::close(fd);
  if (!error.empty()) return std::unexpected(error);
  return connections;
}

}  // namespace dozo::netbios
