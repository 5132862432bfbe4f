// LLMNR (RFC 4795) and multicast DNS (RFC 6762) with service discovery (RFC 6763): what is asked, what answers say.
// Pure.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "netbios/dns_message.h"

namespace dozo::netbios {

inline constexpr std::uint16_t kLlmnrPort = 5355;
inline constexpr std::uint16_t kMdnsPort = 5353;
inline constexpr std::string_view kLlmnrGroup = "224.0.0.252";
inline constexpr std::string_view kMdnsGroup = "224.0.0.251";

// RFC 4795 2.1.1: one question, flags zero.
DnsMessage llmnr_query(std::uint16_t id, const Labels& name, std::uint16_t type);
// RFC 6762 5.4 and 6.7: from a port that is not 5353, with the wish for an answer to that port.
DnsMessage mdns_query(std::uint16_t id, const Labels& name, std::vector<std::uint16_t> types);
DnsMessage dns_query(std::uint16_t id, const Labels& name, std::uint16_t type);

// The addresses that the answers give `name`, through at most eight CNAMEs; each once.
std::vector<std::string> addresses_of(const DnsMessage& message, const Labels& name);

// An instance of a service, put together from PTR, SRV, TXT and address records of one message.
struct ServiceInstance {
  std::string instance;  // "Store house"; UTF-8 if the sender wrote it so
  std::string type;      // "_smb._tcp.local"
  std::string host;      // "storehouse.local"; empty when there was no SRV record
  std::uint16_t port = 0;
  std::vector<std::string> addresses;
  std::vector<std::string> texts;  // "model=MacSamba"
  bool operator==(const ServiceInstance&) const = default;
};
// At most 64 of a message. `type` as in "_smb._tcp.local".
std::vector<ServiceInstance> instances_of(const DnsMessage& message, const Labels& type);
// RFC 6763 9: the kinds of services that the answers to "_services._dns-sd._udp.local" name.
std::vector<std::string> service_types_in(const DnsMessage& message);

}  // namespace dozo::netbios
