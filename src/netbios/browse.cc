#include "netbios/browse.h"

#include <arpa/inet.h>
#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <map>

namespace dozo::netbios {
namespace {

using runtime::Endpoint;
using runtime::Loop;
using runtime::Task;

constexpr std::size_t kHostsMax = 4096;

struct Work {
  Loop& loop;
  BrowseSettings settings;
  std::map<std::string, Neighbour> hosts;  // by address
  std::set<std::string> asked;             // addresses whose name table was asked for
  Neighbourhood result;

  // The host of an address; nothing when there are too many already.
  Neighbour* host(const std::string& address) {
    if (hosts.size() >= kHostsMax && !hosts.contains(address)) return nullptr;
    Neighbour& found = hosts[address];
    found.address = address;
    return &found;
  }
};

Endpoint with_port(const Endpoint& endpoint, std::uint16_t port) { return *endpoint_of(endpoint.host_text(), port); }

// Everybody answers to "*" but Windows, and the master browsers to their own name.
Task<void> ask_netbios(Work& work, Link link) {
  const Endpoint broadcast = with_port(link.broadcast, work.settings.name_service_port);
  const std::array<Name, 2> names = {any_name(), master_browsers()};
  for (const Name& name : names) {
    const NameAnswers found = co_await ask_name_broadcast(work.loop, broadcast, name, work.settings.patience);
    for (const NameAnswer& answer : found.answers) {
      Neighbour* host = work.host(answer.from);
      if (host == nullptr) continue;
      host->heard_by.insert("netbios");
      if (name == master_browsers()) host->roles.insert("master browser");
    }
  }
}

// The groups whose members are asked to announce themselves: those that were heard, and the one Windows comes with.
std::set<std::string> groups_of(const Work& work) {
  std::set<std::string> groups = {"WORKGROUP"};
  for (const auto& [address, host] : work.hosts) {
    if (name_from_text(host.group, kWorkstation)) groups.insert(host.group);
  }
  return groups;
}

// [MS-BRWS] 2.2.2: from <computer>[0x00] to <machine group>[0x00], all of its machines announce themselves.
ByteVector announcement_request(const Link& link, const std::string& group) {
  NetbiosDatagram datagram{.id = random_id(), .source = {"DOZO", kWorkstation, ""}};
  datagram.destination = {group, kWorkstation, ""};
  inet_pton(AF_INET, link.address.host_text().c_str(), datagram.source_address.data());
  datagram.data = encode_mailslot_write({"\\MAILSLOT\\BROWSE", encode_announcement_request("DOZO")});
  return encode_datagram(datagram).value_or(ByteVector{});
}

// A socket that hears the announcements of a link. It is bound to the broadcast address, so that a name service of this
// computer loses nothing that is sent to it alone.
UdpSocket announcement_socket(Work& work, const Link& link, const Endpoint& broadcast) {
  std::string error;
  UdpSocket socket = UdpSocket::open(work.loop, AF_INET, error);
  const int bound = socket ? socket.bind(broadcast, true) : 0;
  if (socket && bound == 0) return socket;
  work.result.notes.push_back(fmt::format("announcements on {} were not listened for: UDP port {}: {}", link.interface,
                                          broadcast.port(), bound != 0 ? std::strerror(bound) : error));
  return {};
}

Task<void> ask_announcements(Work& work, Link link) {
  const Endpoint broadcast = with_port(link.broadcast, work.settings.datagram_port);
  UdpSocket socket = announcement_socket(work, link, broadcast);
  if (!socket) co_return;
  for (const std::string& group : groups_of(work)) socket.send_to(broadcast, announcement_request(link, group));
  const Instant deadline = work.loop.now() + work.settings.listen;
  for (int heard = 0; heard < work.settings.patience.datagrams_max; ++heard) {
    const std::optional<Datagram> came = co_await socket.receive(deadline);
    if (!came) break;
    Neighbour announced;
    if (!take_announcement(came->data, announced)) continue;
    Neighbour* host = work.host(came->from.host_text());
    if (host != nullptr) take_announcement(came->data, *host);
  }
}

Task<void> ask_mdns(Work& work, Link link) {
  const auto group = endpoint_of(kMdnsGroup, work.settings.mdns_port);
  const Labels type = labels_of("_smb._tcp.local");
  const DnsMessage query = mdns_query(random_id(), type, {kTypePtr});
  const auto answers = co_await ask_services(work.loop, *group, link.address, query, work.settings.patience);
  for (const DnsAnswer& answer : answers) {
    for (const ServiceInstance& found : instances_of(answer.message, type)) {
      Neighbour* host = work.host(answer.from);
      if (host == nullptr) continue;
      host->heard_by.insert("mdns");
      host->file_server = true;
      if (host->comment.empty()) host->comment = found.instance;
      if (host->name.empty()) host->name = found.host;
    }
  }
}

Task<void> ask_ws_discovery(Work& work, Link link) {
  const auto group = endpoint_of(kWsDiscoveryGroup, work.settings.ws_discovery_port);
  const auto answers = co_await ask_devices(work.loop, *group, link.address, work.settings.patience);
  for (const DeviceAnswer& answer : answers) {
    Neighbour* host = work.host(answer.from);
    if (host == nullptr) continue;
    host->heard_by.insert("wsd");
    const auto& types = answer.match.types;
    if (std::ranges::find(types, "Computer") != types.end()) host->roles.insert("computer");
  }
}

// What each address that was heard has for names. Who does not answer costs one attempt.
Task<void> ask_name_tables(Work& work) {
  Patience patience = work.settings.patience;
  patience.attempts = 1;
  std::vector<std::string> addresses;
  for (const auto& [address, host] : work.hosts) addresses.push_back(address);
  for (const std::string& address : addresses) {
    const auto target = endpoint_of(address, work.settings.name_service_port);
    if (!work.asked.insert(address).second) continue;
    if (!target || target->family() != AF_INET) continue;
    const auto found = co_await ask_node_status(work.loop, *target, patience);
    if (found) take_node_status(found->status, work.hosts[address]);
  }
}

std::string_view role_of_type(std::uint32_t bit) {
  if (bit == kServerTypeMasterBrowser) return "master browser";
  if (bit == kServerTypePrint) return "print server";
  return "domain controller";
}

}  // namespace

void take_node_status(const NodeStatus& status, Neighbour& host) {
  host.heard_by.insert("netbios");
  for (const OwnedName& owned : status.names) {
    const std::uint8_t suffix = owned.name.suffix;
    const bool group = owned.flags.group;
    if (suffix == kWorkstation && !group) host.name = printable(owned.name);
    if (suffix == kWorkstation && group) host.group = printable(owned.name);
    if (suffix == kFileServer && !group) host.file_server = true;
    if (suffix == kLocalMaster && !group) host.roles.insert("master browser");
    if (suffix == kDomainMaster && !group) host.roles.insert("domain master browser");
    if (suffix == kDomainControllers && group) host.roles.insert("domain controller");
  }
}

bool take_announcement(Bytes bytes, Neighbour& host) {
  const auto datagram = decode_datagram(bytes);
  if (!datagram) return false;
  const auto write = decode_mailslot_write(datagram->data);
  if (!write) return false;
  const auto announcement = decode_announcement(write->data);
  if (!announcement) return false;
  host.heard_by.insert("announcement");
  if (announcement->opcode == BrowserOpcode::domain_announcement) {
    host.group = announcement->name;
    host.roles.insert("master browser");
    return true;
  }
  host.name = announcement->name;
  host.comment = announcement->comment;
  host.file_server = true;
  for (const std::uint32_t bit :
       {kServerTypeMasterBrowser, kServerTypePrint, kServerTypeDomainController, kServerTypeBackupController}) {
    if ((announcement->server_type & bit) != 0) host.roles.insert(std::string(role_of_type(bit)));
  }
  return true;
}

Task<Neighbourhood> browse(Loop& loop, BrowseSettings settings) {
  Work work{loop, std::move(settings), {}, {}, {}};
  if (work.settings.links.empty()) work.result.notes.emplace_back("this computer is on no link that has broadcasts");
  for (const Link& link : work.settings.links) {
    co_await ask_netbios(work, link);
    co_await ask_mdns(work, link);
    co_await ask_ws_discovery(work, link);
  }
  co_await ask_name_tables(work);
  if (work.settings.listen > Duration::zero()) {
    for (const Link& link : work.settings.links) co_await ask_announcements(work, link);
    co_await ask_name_tables(work);
  }
  for (auto& [address, host] : work.hosts) work.result.hosts.push_back(std::move(host));
  co_return std::move(work.result);
}

}  // namespace dozo::netbios
