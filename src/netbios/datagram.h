// NetBIOS datagrams, UDP port 138 (RFC 1002 4.4), the mailslot writes in them ([MS-MAIL]) and the browser's frames in
// those ([MS-BRWS]). Pure.
#pragma once

#include <array>
#include <cstdint>
#include <string>

#include "base/bytes.h"
#include "base/result.h"
#include "netbios/name.h"

namespace dozo::netbios {

inline constexpr std::uint16_t kDatagramPort = 138;

// RFC 1002 4.4.1 MSG_TYPE; the others are errors and queries of distribution servers, which nobody sends.
enum class DatagramType : std::uint8_t { direct_unique = 0x10, direct_group = 0x11, broadcast = 0x12 };

struct NetbiosDatagram {
  DatagramType type = DatagramType::direct_group;
  std::uint8_t node_type = 0;  // as in NameFlags
  std::uint16_t id = 0;
  std::array<std::uint8_t, 4> source_address{};
  std::uint16_t source_port = kDatagramPort;
  Name source, destination;
  ByteVector data;
  bool operator==(const NetbiosDatagram&) const = default;
};

// INVALID_PARAMETER for another type, a fragment, names that are none, or a length that is not that of the packet.
Result<NetbiosDatagram> decode_datagram(Bytes packet);
// INVALID_PARAMETER when a scope is none. Precondition: the data fit 16 bits together with the names.
Result<ByteVector> encode_datagram(const NetbiosDatagram& datagram);

// [MS-MAIL] 2.2.1: what a datagram for a mailslot holds.
struct MailslotWrite {
  std::string mailslot;  // "\MAILSLOT\BROWSE"; case does not matter
  ByteVector data;
  bool operator==(const MailslotWrite&) const = default;
};
Result<MailslotWrite> decode_mailslot_write(Bytes data);
ByteVector encode_mailslot_write(const MailslotWrite& write);

// [MS-BRWS] 2.2.
enum class BrowserOpcode : std::uint8_t {
  host_announcement = 0x01,
  announcement_request = 0x02,
  domain_announcement = 0x0C,
  local_master_announcement = 0x0F,
};

// [MS-RAP] 2.5.5.2.1 ServerType; the bits that are shown.
inline constexpr std::uint32_t kServerTypeDomainController = 0x00000008;
inline constexpr std::uint32_t kServerTypeBackupController = 0x00000010;
inline constexpr std::uint32_t kServerTypePrint = 0x00000200;
inline constexpr std::uint32_t kServerTypeMasterBrowser = 0x00040000;

// An announcement: of a host, a workgroup's local master (name: the host), or a workgroup (name: the workgroup,
// comment: its master).
struct Announcement {
  BrowserOpcode opcode = BrowserOpcode::host_announcement;
  std::uint32_t period_ms = 0;
  std::string name;
  std::uint8_t version_major = 0, version_minor = 0;
  std::uint32_t server_type = 0;
  std::string comment;
  bool operator==(const Announcement&) const = default;
};
// INVALID_PARAMETER when it is no announcement, or too short for one.
Result<Announcement> decode_announcement(Bytes frame);
ByteVector encode_announcement(const Announcement& announcement);
ByteVector encode_announcement_request(std::string_view sender);

}  // namespace dozo::netbios
