#include "netbios/name_service.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "model/nt_status.h"
#include "netbios/big_endian.h"
#include "netbios/dns_message.h"

namespace dozo::netbios {
namespace {

constexpr std::size_t kNameAddressSize = 6;
constexpr std::size_t kStatisticsSize = 46;  // RFC 1002 4.2.18; its first six bytes are the unit's id

// RFC 1002 4.2.1.1 OPCODE and NM_FLAGS.
enum : std::uint16_t {
  kAuthoritative = 0x0400,
  kTruncated = 0x0200,
  kRecursionDesired = 0x0100,
  kRecursionAvailable = 0x0080,
  kBroadcast = 0x0010,
};

std::optional<NameOpcode> opcode_from_wire(std::uint16_t flags) {
  const auto opcode = static_cast<NameOpcode>(flags >> 11 & 0x0F);
  switch (opcode) {
    case NameOpcode::query:
    case NameOpcode::registration:
    case NameOpcode::release:
    case NameOpcode::wait_for_acknowledgement:
    case NameOpcode::refresh:
    case NameOpcode::refresh_alternate:
    case NameOpcode::multihomed_registration:
      return opcode;
  }
  return std::nullopt;
}

std::uint16_t flags_to_wire(const NamePacket& packet) {
  unsigned flags = static_cast<unsigned>(packet.opcode) << 11 | (packet.rcode & 0x0Fu);
  if (packet.response) flags |= kFlagResponse;
  if (packet.authoritative) flags |= kAuthoritative;
  if (packet.truncated) flags |= kTruncated;
  if (packet.recursion_desired) flags |= kRecursionDesired;
  if (packet.recursion_available) flags |= kRecursionAvailable;
  if (packet.broadcast) flags |= kBroadcast;
  return static_cast<std::uint16_t>(flags);
}

Result<Name> name_of(const Labels& labels) {
  if (labels.empty()) return fail(NtStatus::INVALID_PARAMETER);
  DOZO_TRY(Name name, decode_first_level(labels.front()));
  name.scope = dotted({labels.begin() + 1, labels.end()});
  // A dot within a label of the scope could not be told from one between labels.
  if (!name.scope.empty() && labels_of(name.scope) != Labels(labels.begin() + 1, labels.end())) {
    return fail(NtStatus::INVALID_PARAMETER);
  }
  return name;
}

Result<Labels> labels_for(const Name& name) {
  Labels labels = {encode_first_level(name)};
  if (name.scope.empty()) return labels;
  const Labels scope = labels_of(name.scope);
  labels.insert(labels.end(), scope.begin(), scope.end());
  if (scope.empty() || dotted(labels).size() + 2 > 255) return fail(NtStatus::INVALID_PARAMETER);
  return labels;
}

// RFC 1002 4.2.18: a count, that many names, and the statistics, of which some leave out the rest or all.
Result<NodeStatus> decode_node_status(Bytes data) {
  ByteReader reader(data);
  const std::uint8_t count = reader.u8();
  NodeStatus status;
  for (std::uint8_t i = 0; i < count && reader.ok(); ++i) {
    OwnedName owned;
    const std::string_view bytes = as_text(reader.bytes(kNameSizeMax + 1));
    owned.flags = NameFlags::from_wire(be16(reader));
    if (!reader.ok()) break;
    owned.name = {std::string(bytes.substr(0, kNameSizeMax)), static_cast<std::uint8_t>(bytes.back()), ""};
    owned.name.text.resize(owned.name.text.find_last_not_of(std::string_view(" \0", 2)) + 1);
    status.names.push_back(std::move(owned));
  }
  if (!reader.ok()) return fail(NtStatus::INVALID_PARAMETER);
  if (reader.remaining() >= status.unit_id.size()) status.unit_id = reader.array<6>();
  return status;
}

ByteVector encode_node_status(const NodeStatus& status) {
  ByteVector out;
  out.push_back(static_cast<std::uint8_t>(status.names.size()));
  for (const OwnedName& owned : status.names) {
    std::string bytes = owned.name.text.substr(0, kNameSizeMax);
    bytes.resize(kNameSizeMax, ' ');
    put_text(out, bytes);
    out.push_back(owned.name.suffix);
    put_be16(out, owned.flags.to_wire());
  }
  out.insert(out.end(), status.unit_id.begin(), status.unit_id.end());
  out.resize(out.size() + kStatisticsSize - status.unit_id.size());
  return out;
}

Result<std::vector<NameAddress>> decode_addresses(Bytes data) {
  if (data.size() % kNameAddressSize != 0) return fail(NtStatus::INVALID_PARAMETER);
  std::vector<NameAddress> addresses;
  ByteReader reader(data);
  while (reader.remaining() > 0) {
    NameAddress entry;
    entry.flags = NameFlags::from_wire(be16(reader));
    entry.address = reader.array<4>();
    addresses.push_back(entry);
  }
  return addresses;
}

ByteVector encode_addresses(const std::vector<NameAddress>& addresses) {
  ByteVector out;
  for (const NameAddress& entry : addresses) {
    put_be16(out, entry.flags.to_wire());
    out.insert(out.end(), entry.address.begin(), entry.address.end());
  }
  return out;
}

// A wait is answered with the flags of the request, two bytes, RFC 1002 4.2.16; a negative answer may have no data.
Result<> decode_record(const DnsRecord& record, NamePacket& packet) {
  packet.type = record.type;
  packet.ttl_s = record.ttl_s;
  if (record.klass != kClassIn) return fail(NtStatus::INVALID_PARAMETER);
  if (record.type == kTypeNbstat && packet.response) {
    DOZO_TRY(packet.status, decode_node_status(record.data));
  } else if (record.type == kTypeNb && packet.opcode != NameOpcode::wait_for_acknowledgement) {
    DOZO_TRY(packet.addresses, decode_addresses(record.data));
  }
  return {};
}

// What the packet is about: a response's answer, else the record behind the question.
const DnsRecord* subject_record(const DnsMessage& message) {
  const auto& records = message.is_response() ? message.answers : message.additionals;
  return records.empty() ? nullptr : &records.front();
}

DnsRecord record_of(const NamePacket& packet, Labels name) {
  DnsRecord record{std::move(name), packet.type, kClassIn, packet.ttl_s, {}};
  record.data = packet.status ? encode_node_status(*packet.status) : encode_addresses(packet.addresses);
  if (packet.opcode == NameOpcode::wait_for_acknowledgement) record.data.assign(2, 0);
  return record;
}

}  // namespace

NameFlags NameFlags::from_wire(std::uint16_t bits) {
  return {(bits & 0x8000) != 0, static_cast<std::uint8_t>(bits >> 13 & 3),
          (bits & 0x1000) != 0, (bits & 0x0800) != 0,
          (bits & 0x0400) != 0, (bits & 0x0200) != 0};
}

std::uint16_t NameFlags::to_wire() const {
  return static_cast<std::uint16_t>((group ? 0x8000 : 0) | (node_type & 3) << 13 | (deregistering ? 0x1000 : 0) |
                                    (conflict ? 0x0800 : 0) | (active ? 0x0400 : 0) | (permanent ? 0x0200 : 0));
}

std::string NameAddress::text() const {
  return fmt::format("{}.{}.{}.{}", address[0], address[1], address[2], address[3]);
}

std::string mac_text(const std::array<std::uint8_t, 6>& mac) { return fmt::format("{:02X}", fmt::join(mac, "-")); }

Result<NamePacket> decode_name_packet(Bytes bytes) {
  DOZO_TRY(const DnsMessage message, decode_dns(bytes, Dialect33::nbstat));
  const auto opcode = opcode_from_wire(message.flags);
  if (!opcode || message.questions.size() > 1) return fail(NtStatus::INVALID_PARAMETER);
  NamePacket packet{.id = message.id, .response = message.is_response(), .opcode = *opcode};
  packet.authoritative = (message.flags & kAuthoritative) != 0;
  packet.truncated = (message.flags & kTruncated) != 0;
  packet.recursion_desired = (message.flags & kRecursionDesired) != 0;
  packet.recursion_available = (message.flags & kRecursionAvailable) != 0;
  packet.broadcast = (message.flags & kBroadcast) != 0;
  packet.rcode = static_cast<std::uint8_t>(rcode_of(message.flags));

  const DnsRecord* record = subject_record(message);
  // Every response has a record, RFC 1002 4.2; a negative one of type NULL.
  if (record == nullptr && (packet.response || message.questions.empty())) return fail(NtStatus::INVALID_PARAMETER);
  DOZO_TRY(packet.name, name_of(message.questions.empty() ? record->name : message.questions.front().name));
  if (!message.questions.empty()) packet.type = message.questions.front().type;
  if (record != nullptr) DOZO_CHECK(decode_record(*record, packet));
  return packet;
}

Result<ByteVector> encode_name_packet(const NamePacket& packet) {
  DOZO_TRY(Labels name, labels_for(packet.name));
  DnsMessage message{.id = packet.id, .flags = flags_to_wire(packet)};
  if (packet.response) {
    message.answers.push_back(record_of(packet, std::move(name)));
  } else {
    message.questions.push_back({name, packet.type, kClassIn});
    if (packet.opcode != NameOpcode::query) message.additionals.push_back(record_of(packet, std::move(name)));
  }
  return encode_dns(message);
}

NamePacket name_query(std::uint16_t id, const Name& name, bool broadcast) {
  NamePacket packet{.id = id, .name = name, .type = kTypeNb};
  packet.recursion_desired = true;
  packet.broadcast = broadcast;
  return packet;
}

NamePacket node_status_request(std::uint16_t id, const Name& name) {
  return {.id = id, .name = name, .type = kTypeNbstat};
}

std::string_view refusal_text(std::uint8_t rcode) {
  switch (rcode) {
    case 0:
      return "no error";
    case 1:
      return "it did not understand the request";
    case 2:
      return "it has an internal problem";
    case 3:
      return "there is no such name";
    case 4:
      return "it does not do this";
    case 5:
      return "its policy refuses it";
    case 6:
      return "another node has the name";
    case 7:
      return "the name is in conflict";
    default:
      return "an unknown reason";
  }
}

}  // namespace dozo::netbios
