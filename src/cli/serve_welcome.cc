// What `dozo serve` tells people, and how it finds out under which address they reach it.
#include <arpa/inet.h>
#include <fmt/format.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cctype>
#include <cerrno>
#include <cstring>

#include "cli/serve_plan.h"

namespace dozo::cli {
namespace {

struct SocketAddress {
  sockaddr_storage storage{};
  socklen_t length = 0;
  const sockaddr* get() const {
    const void* bytes = &storage;
    return static_cast<const sockaddr*>(bytes);
  }
};

SocketAddress to_socket_address(const server::ListenAddress& address) {
  SocketAddress out;
  if (address.is_ipv6()) {
    sockaddr_in6 v6{};
    v6.sin6_family = AF_INET6;
    v6.sin6_port = htons(address.port);
    inet_pton(AF_INET6, address.host.c_str(), &v6.sin6_addr);
    std::memcpy(&out.storage, &v6, sizeof v6);
    out.length = sizeof v6;
  } else {
    sockaddr_in v4{};
    v4.sin_family = AF_INET;
    v4.sin_port = htons(address.port);
    inet_pton(AF_INET, address.host.c_str(), &v4.sin_addr);
    std::memcpy(&out.storage, &v4, sizeof v4);
    out.length = sizeof v4;
  }
  return out;
}

// The first IPv4 address of an interface that is up and not the loopback; empty when there is none.
std::string first_interface_address() {
  ifaddrs* list = nullptr;
  if (getifaddrs(&list) != 0) return {};
  std::string found;
  for (const ifaddrs* it = list; it && found.empty(); it = it->ifa_next) {
    if (!it->ifa_addr || it->ifa_addr->sa_family != AF_INET) continue;
    if ((it->ifa_flags & IFF_UP) == 0 || (it->ifa_flags & IFF_LOOPBACK) != 0) continue;
    sockaddr_in v4;
    std::memcpy(&v4, it->ifa_addr, sizeof v4);
    std::array<char, INET_ADDRSTRLEN> text{};
    if (inet_ntop(AF_INET, &v4.sin_addr, text.data(), text.size())) found = text.data();
  }
  freeifaddrs(list);
  return found;
}

bool needs_quotes(std::string_view text) {
  return text.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.:/\\@%=,") !=
         text.npos;
}

std::string for_windows(const std::string& text) { return needs_quotes(text) ? "\"" + text + "\"" : text; }

std::string for_shell(const std::string& text) {
  if (!needs_quotes(text)) return text;
  std::string out = "'";
  for (const char c : text) out += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return out + "'";
}

std::string for_url(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (std::isalnum(byte) || std::strchr("-_.~$", c)) {
      out += c;
    } else {
      out += fmt::format("%{:02X}", byte);
    }
  }
  return out;
}

bool is_ipv6(std::string_view host) { return host.find(':') != host.npos; }

// Windows cannot have colons in a UNC name; this form of an IPv6 address is for it.
std::string unc_host(std::string host) {
  if (!is_ipv6(host)) return host;
  for (char& c : host) c = c == ':' ? '-' : c;
  return host + ".ipv6-literal.net";
}

}  // namespace

int bind_error(const server::ListenAddress& address) {
  const SocketAddress target = to_socket_address(address);
  const int fd = socket(target.get()->sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return errno;
  const int on = 1;
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (address.is_ipv6()) setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on);
  const int error = bind(fd, target.get(), target.length) == 0 && listen(fd, 1) == 0 ? 0 : errno;
  close(fd);
  return error;
}

std::string reachable_host(const std::vector<server::ListenAddress>& listen) {
  bool any = false;
  for (const auto& address : listen) any = any || address.host == "0.0.0.0" || address.host == "::";
  if (!any && !listen.empty()) return listen.front().host;
  const std::string found = first_interface_address();
  return found.empty() ? "127.0.0.1" : found;
}

std::string what_to_type(const server::ShareConfig& share, const std::string& host, std::uint16_t port,
                         const std::string& user) {
  const bool other_port = port != server::kSmbPort;
  const std::string url_host = is_ipv6(host) ? "[" + host + "]" : host;
  std::string out = fmt::format("  Windows  net use * {} /user:{}{}\n",
                                for_windows(fmt::format("\\\\{}\\{}", unc_host(host), share.name)), for_windows(user),
                                other_port ? fmt::format(" /tcpport:{}   (Windows 11 24H2 or later)", port) : "");
  out += fmt::format("  macOS    open {}\n",
                     for_shell(fmt::format("smb://{}@{}{}/{}", for_url(user), url_host,
                                           other_port ? fmt::format(":{}", port) : "", for_url(share.name))));
  const std::string unc = for_shell(fmt::format("//{}/{}", host, share.name));
  out += fmt::format("  Linux    smbclient {}{} -U {}\n", unc, other_port ? fmt::format(" -p {}", port) : "",
                     for_shell(user));
  out += fmt::format("           sudo mount -t cifs {} /mnt -o {}{}\n", unc, for_shell("username=" + user),
                     other_port ? fmt::format(",port={}", port) : "");
  return out;
}

std::string welcome(const ServePlan& plan, const std::string& host) {
  const server::Config& config = plan.loaded.config;
  std::string out;
  if (!plan.port_note.empty()) out += plan.port_note + "\n";
  if (plan.user) {
    out += fmt::format("User      {}\n", plan.user->name);
    out += plan.user->password.empty()
               ? fmt::format("Password  as before; to change it: dozo user passwd {} --state-dir {}\n",
                             for_shell(plan.user->name), for_shell(config.server.state_dir))
               : fmt::format("Password  {}   (shown this once)\n", plan.user->password);
  }
  const std::string user = plan.user ? plan.user->name : "USER";
  const std::uint16_t port = config.server.listen.empty() ? server::kSmbPort : config.server.listen.front().port;
  for (const server::ShareConfig& share : config.shares) {
    out += fmt::format("\n{} is {}. To open it:\n{}", share.path, share.name, what_to_type(share, host, port, user));
  }
  return out;
}

}  // namespace dozo::cli
