// FSCTL_QUERY_NETWORK_INTERFACE_INFO. [MS-SMB2] 3.3.5.15.11.
#include "server/fsctl/interfaces.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>

#include "server/connection.h"
#include "server/fsctl/functions.h"
#include "server/interface_setting.h"
#include "server/request.h"
#include "server/server.h"

namespace dozo::server {
namespace {

constexpr std::uint64_t kUsualLinkSpeed = 1'000'000'000;  // bits a second, where the system does not know
constexpr std::uint64_t kMegabit = 1'000'000;

// /sys/class/net/NAME/speed, in Mbit/s; -1 or nothing where a link has none.
std::uint64_t link_speed(const std::string& name) {
  const std::string path = "/sys/class/net/" + name + "/speed";
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return kUsualLinkSpeed;
  char text[24];
  const ssize_t n = ::read(fd, text, sizeof text);
  ::close(fd);
  std::int64_t megabits = -1;
  if (n > 0) std::from_chars(text, text + n, megabits);
  return megabits > 0 ? static_cast<std::uint64_t>(megabits) * kMegabit : kUsualLinkSpeed;
}

// Whether the interface spreads what it receives over several queues.
bool has_receive_queues(const std::string& name) {
  const std::string second = "/sys/class/net/" + name + "/queues/rx-1";
  const int fd = ::open(second.c_str(), O_PATH | O_CLOEXEC);
  if (fd >= 0) ::close(fd);
  return fd >= 0;
}

template <class T, class S>
T copied_from(const S* source) {
  T out;
  std::memcpy(&out, source, sizeof out);
  return out;
}

std::optional<HostAddress> address_of(const ifaddrs& entry) {
  HostAddress out;
  out.index = if_nametoindex(entry.ifa_name);
  out.loopback = (entry.ifa_flags & IFF_LOOPBACK) != 0;
  if (entry.ifa_addr->sa_family == AF_INET) {
    const in_addr ip = copied_from<sockaddr_in>(entry.ifa_addr).sin_addr;
    std::array<std::uint8_t, 4> bytes;
    std::memcpy(bytes.data(), &ip, bytes.size());
    out.sockaddr = wire::sockaddr_v4(bytes);
  } else if (entry.ifa_addr->sa_family == AF_INET6) {
    const in6_addr ip = copied_from<sockaddr_in6>(entry.ifa_addr).sin6_addr;
    std::array<std::uint8_t, 16> bytes;
    std::memcpy(bytes.data(), &ip, bytes.size());
    // A link-local address means nothing without an interface of the client's.
    if (bytes[0] == 0xFE && (bytes[1] & 0xC0) == 0x80) return std::nullopt;
    out.sockaddr = wire::sockaddr_v6(bytes);
  } else {
    return std::nullopt;
  }
  char text[INET6_ADDRSTRLEN] = {};
  const bool v4 = entry.ifa_addr->sa_family == AF_INET;
  inet_ntop(entry.ifa_addr->sa_family, &out.sockaddr[v4 ? 4 : 8], text, sizeof text);
  out.text = text;
  out.link_speed = link_speed(entry.ifa_name);
  out.rss = has_receive_queues(entry.ifa_name);
  return out;
}

}  // namespace

std::vector<HostAddress> host_addresses() {
  ifaddrs* list = nullptr;
  if (getifaddrs(&list) != 0) return {};
  std::vector<HostAddress> out;
  for (const ifaddrs* entry = list; entry != nullptr; entry = entry->ifa_next) {
    if (entry->ifa_addr == nullptr || (entry->ifa_flags & IFF_UP) == 0) continue;
    if (auto address = address_of(*entry)) out.push_back(std::move(*address));
  }
  freeifaddrs(list);
  return out;
}

namespace {

// [MS-SMB2] 2.2.32.5 Capability.
constexpr std::uint32_t kRssCapable = 1;
constexpr std::uint32_t kRdmaCapable = 2;

bool is_listened_on(const HostAddress& address, const ServerConfig& config) {
  const bool v6 = address.text.find(':') != std::string::npos;
  return std::ranges::any_of(config.listen, [&](const ListenAddress& listen) {
    return listen.host == address.text || listen.host == (v6 ? "::" : "0.0.0.0");
  });
}

wire::NetworkInterfaceInfo info_of(const HostAddress& address, const InterfaceSetting& setting) {
  std::uint32_t capability = 0;
  if (setting.rss.value_or(address.rss)) capability |= kRssCapable;
  if (setting.rdma) capability |= kRdmaCapable;
  return {address.index, capability, setting.link_speed.value_or(address.link_speed), address.sockaddr};
}

}  // namespace

std::vector<wire::NetworkInterfaceInfo> told_interfaces(const std::vector<HostAddress>& addresses,
                                                        const ServerConfig& config) {
  std::vector<HostAddress> known = addresses;
  // [MS-SMB2] 3.3.5.15.11: MUST NOT be included.
  std::erase_if(known, [](const HostAddress& address) { return address.index == 0; });
  std::vector<wire::NetworkInterfaceInfo> out;
  for (const std::string& text : config.interfaces) {
    const auto setting = interface_from_string(text);
    const auto found = std::ranges::find(known, setting ? setting->address : std::string(), &HostAddress::text);
    if (found != known.end()) out.push_back(info_of(*found, *setting));
  }
  if (!config.interfaces.empty()) return out;
  std::erase_if(known, [&](const HostAddress& address) { return !is_listened_on(address, config); });
  const bool all_loopback = std::ranges::all_of(known, &HostAddress::loopback);
  for (const HostAddress& address : known) {
    if (all_loopback || !address.loopback) out.push_back(info_of(address, {}));
  }
  return out;
}

FsctlTask query_network_interface_info(FsctlCall& call) {
  const Negotiated& negotiated = *call.request.connection.negotiated;
  const bool multi_channel = negotiated.server_capabilities.has(wire::Capability::multi_channel);
  if (negotiated.dialect < Dialect::smb_3_0 || !multi_channel) co_return fail(NtStatus::NOT_SUPPORTED);

  const std::vector<HostAddress> addresses =
      co_await runtime::offload(runtime::Loop::current(), [] { return host_addresses(); });
  const auto config = call.request.server.config();
  ByteWriter out;
  wire::encode_chain(told_interfaces(addresses, config->server), out);
  if (out.size() > call.output_max) co_return fail(NtStatus::BUFFER_TOO_SMALL);
  co_return FsctlAnswer{NtStatus::SUCCESS, std::move(out).take()};
}

}  // namespace dozo::server
