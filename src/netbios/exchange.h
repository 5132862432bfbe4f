// Asking over UDP: one host, or all of a link; what comes back is held against what was asked, in number and in time.
#pragma once

#include <expected>
#include <string>
#include <string_view>
#include <vector>

#include "netbios/local_link.h"
#include "netbios/local_links.h"
#include "netbios/name_service.h"
#include "netbios/udp_socket.h"
#include "netbios/ws_discovery.h"

namespace dozo::netbios {

// Bounds of one exchange. A hostile peer costs that much and no more.
struct Patience {
  Duration timeout = std::chrono::milliseconds(1000);  // for each attempt
  int attempts = 3;                                    // RFC 1002 6: names are asked for three times
  int datagrams_max = 512;                             // of all attempts together, whatever they are
};

struct FoundStatus {
  NodeStatus status;
  std::string address;
  Duration took{};
};
// RFC 1002 4.2.17: the name table of a host. `target` has the name service's port.
runtime::Task<std::expected<FoundStatus, std::string>> ask_node_status(runtime::Loop& loop, runtime::Endpoint target,
                                                                       Patience patience);

// Whether the silence of one host is a refusal: something there said that nothing listens.
bool is_refusal(std::string_view silence);

// One answer to a question about a name.
struct NameAnswer {
  std::string from;                    // the address that answered
  std::vector<std::string> addresses;  // empty: it says that there is no such name
  std::string refusal;                 // then: how it says so
  bool group = false;                  // of a NetBIOS name
  Duration after{};                    // since the question was first sent
};
struct NameAnswers {
  std::vector<NameAnswer> answers;  // at most one of each host
  std::string silence;              // why there are none
};

// NetBIOS: everybody on a link, or a name server.
runtime::Task<NameAnswers> ask_name_broadcast(runtime::Loop& loop, runtime::Endpoint broadcast, Name name,
                                              Patience patience);
runtime::Task<NameAnswers> ask_name_server(runtime::Loop& loop, runtime::Endpoint server, Name name, Patience patience);

// The DNS and its relatives: what is asked in one message of one server or group. `from` for multicasts.
runtime::Task<NameAnswers> ask_dns_like(runtime::Loop& loop, runtime::Endpoint to,
                                        std::optional<runtime::Endpoint> from, DnsMessage message, Labels name,
                                        Patience patience);

// Messages of the DNS' format that answer `message`, of each host; for service discovery.
struct DnsAnswer {
  std::string from;
  DnsMessage message;
};
runtime::Task<std::vector<DnsAnswer>> ask_services(runtime::Loop& loop, runtime::Endpoint to,
                                                   std::optional<runtime::Endpoint> from, DnsMessage message,
                                                   Patience patience);

struct DeviceAnswer {
  std::string from;
  ProbeMatch match;
};
runtime::Task<std::vector<DeviceAnswer>> ask_devices(runtime::Loop& loop, runtime::Endpoint to,
                                                     std::optional<runtime::Endpoint> from, Patience patience);

std::uint16_t random_id();
std::string random_message_uuid();

}  // namespace dozo::netbios
