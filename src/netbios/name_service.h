// NetBIOS' name service, UDP port 137: RFC 1002 4.2. Pure.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "netbios/name.h"

namespace dozo::netbios {

inline constexpr std::uint16_t kNameServicePort = 137;

// RFC 1002 4.2.1.1 OPCODE; [MS-NBTE] 2.2.2 has the last.
enum class NameOpcode : std::uint8_t {
  query = 0,
  registration = 5,
  release = 6,
  wait_for_acknowledgement = 7,
  refresh = 8,
  refresh_alternate = 9,  // RFC 1002 contradicts itself about the number
  multihomed_registration = 15,
};

// RFC 1002 4.2.1.3 and 4.2.18: the 16 bits that stand with a name.
struct NameFlags {
  bool group = false;
  std::uint8_t node_type = 0;  // 0 B, 1 P, 2 M, 3 H
  bool deregistering = false;
  bool conflict = false;
  bool active = false;
  bool permanent = false;
  bool operator==(const NameFlags&) const = default;

  static NameFlags from_wire(std::uint16_t bits);
  std::uint16_t to_wire() const;
  char node_letter() const { return "BPMH"[node_type & 3]; }
};

struct NameAddress {
  NameFlags flags;
  std::array<std::uint8_t, 4> address{};
  bool operator==(const NameAddress&) const = default;

  std::string text() const;  // "192.0.2.7"
};

struct OwnedName {
  Name name;  // without a scope: the question had it
  NameFlags flags;
  bool operator==(const OwnedName&) const = default;
};

// The answer to a node status request.
struct NodeStatus {
  std::vector<OwnedName> names;
  std::array<std::uint8_t, 6> unit_id{};  // the MAC address; zeros from Samba
  bool operator==(const NodeStatus&) const = default;
};
std::string mac_text(const std::array<std::uint8_t, 6>& mac);  // "00-11-22-33-44-55"

struct NamePacket {
  std::uint16_t id = 0;
  bool response = false;
  NameOpcode opcode = NameOpcode::query;
  bool authoritative = false, truncated = false, recursion_desired = false, recursion_available = false;
  bool broadcast = false;
  std::uint8_t rcode = 0;
  Name name;                           // that the packet is about
  std::uint16_t type = 0;              // kTypeNb or kTypeNbstat of the question or the answer
  std::uint32_t ttl_s = 0;             // of the answer or of what is registered
  std::vector<NameAddress> addresses;  // of an NB answer, or registered, refreshed or released
  std::optional<NodeStatus> status;    // of an NBSTAT answer
  bool operator==(const NamePacket&) const = default;
};

// INVALID_PARAMETER for what is no packet of this service: the format of the DNS, one question or one record about a
// name in first-level encoding, an opcode that is known, data of the shape their type has.
Result<NamePacket> decode_name_packet(Bytes packet);
// The packet as a peer would send it: a request has a question (and, unless it is a query, a record in the
// additional section), a response one answer. INVALID_PARAMETER when the scope's labels are none or too long.
Result<ByteVector> encode_name_packet(const NamePacket& packet);

// RFC 1002 4.2.12: who has this name? To a name server with recursion, or to everybody.
NamePacket name_query(std::uint16_t id, const Name& name, bool broadcast);
// RFC 1002 4.2.17: which names has this node?
NamePacket node_status_request(std::uint16_t id, const Name& name);
// Why a name server says no: RFC 1002 4.2.6 and 4.2.14 RCODE.
std::string_view refusal_text(std::uint8_t rcode);

}  // namespace dozo::netbios
