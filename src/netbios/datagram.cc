#include "netbios/datagram.h"

#include <algorithm>

#include "model/nt_status.h"
#include "netbios/big_endian.h"
#include "netbios/dns_message.h"

namespace dozo::netbios {
namespace {

constexpr std::size_t kDatagramHeaderSize = 14;
constexpr std::size_t kDatagramLengthFrom = 14;  // DGM_LENGTH counts the names and the data
constexpr std::uint8_t kFirstFragment = 0x02;
constexpr std::uint8_t kMoreFragments = 0x01;
constexpr std::uint8_t kSmbHeaderSize = 32;
constexpr std::uint8_t kTransaction = 0x25;
constexpr std::uint8_t kMailslotWords = 17;
constexpr std::size_t kBrowserNameSize = 16;
constexpr std::size_t kCommentSizeMax = 43;  // with its zero, [MS-BRWS] 2.2.1

// A name of RFC 1002 4.1: labels, without compression in datagrams.
Name read_name(ByteReader& reader) {
  Labels labels;
  std::size_t bytes = 1;
  while (reader.ok()) {
    const std::uint8_t length = reader.u8();
    if (length == 0) break;
    bytes += std::size_t{1} + length;
    if (length > 63 || bytes > 255) reader.set_bad();
    labels.emplace_back(as_text(reader.bytes(length)));
  }
  const auto name = decode_first_level(labels.empty() ? std::string_view() : labels.front());
  if (!reader.ok() || !name) {
    reader.set_bad();
    return {};
  }
  Name found = *name;
  const Labels scope(labels.begin() + 1, labels.end());
  found.scope = dotted(scope);
  if (!scope.empty() && labels_of(found.scope) != scope) reader.set_bad();
  return found;
}

Result<> append_name(ByteVector& out, const Name& name) {
  Labels labels = {encode_first_level(name)};
  if (!name.scope.empty()) {
    const Labels scope = labels_of(name.scope);
    if (scope.empty()) return fail(NtStatus::INVALID_PARAMETER);
    labels.insert(labels.end(), scope.begin(), scope.end());
    if (dotted(labels).size() + 2 > 255) return fail(NtStatus::INVALID_PARAMETER);
  }
  append_labels(out, labels);
  return {};
}

std::string until_zero(Bytes bytes) {
  const std::string_view text = as_text(bytes);
  return std::string(text.substr(0, text.find('\0')));
}

bool is_type(std::uint8_t type) {
  return type >= static_cast<std::uint8_t>(DatagramType::direct_unique) &&
         type <= static_cast<std::uint8_t>(DatagramType::broadcast);
}

bool is_announcement(BrowserOpcode opcode) {
  return opcode == BrowserOpcode::host_announcement || opcode == BrowserOpcode::domain_announcement ||
         opcode == BrowserOpcode::local_master_announcement;
}

}  // namespace

Result<NetbiosDatagram> decode_datagram(Bytes packet) {
  ByteReader reader(packet);
  NetbiosDatagram datagram;
  const std::uint8_t type = reader.u8();
  const std::uint8_t flags = reader.u8();
  datagram.id = be16(reader);
  datagram.source_address = reader.array<4>();
  datagram.source_port = be16(reader);
  const std::uint16_t length = be16(reader);
  const std::uint16_t fragment_offset = be16(reader);
  if (!reader.ok() || !is_type(type)) return fail(NtStatus::INVALID_PARAMETER);
  datagram.type = static_cast<DatagramType>(type);
  datagram.node_type = static_cast<std::uint8_t>(flags >> 2 & 3);
  // RFC 1002 4.4.1: a fragment is not the first, or more follow.
  const bool whole = (flags & kFirstFragment) != 0 && (flags & kMoreFragments) == 0 && fragment_offset == 0;
  if (!whole || length != packet.size() - kDatagramLengthFrom) return fail(NtStatus::INVALID_PARAMETER);
  datagram.source = read_name(reader);
  datagram.destination = read_name(reader);
  if (!reader.ok()) return fail(NtStatus::INVALID_PARAMETER);
  datagram.data.assign(reader.rest().begin(), reader.rest().end());
  return datagram;
}

Result<ByteVector> encode_datagram(const NetbiosDatagram& datagram) {
  ByteVector body;
  DOZO_CHECK(append_name(body, datagram.source));
  DOZO_CHECK(append_name(body, datagram.destination));
  body.insert(body.end(), datagram.data.begin(), datagram.data.end());
  ByteVector out;
  out.reserve(kDatagramHeaderSize + body.size());
  out.push_back(static_cast<std::uint8_t>(datagram.type));
  out.push_back(static_cast<std::uint8_t>((datagram.node_type & 3) << 2 | kFirstFragment));
  put_be16(out, datagram.id);
  out.insert(out.end(), datagram.source_address.begin(), datagram.source_address.end());
  put_be16(out, datagram.source_port);
  put_be16(out, body.size());
  put_be16(out, 0);
  out.insert(out.end(), body.begin(), body.end());
  return out;
}

Result<MailslotWrite> decode_mailslot_write(Bytes data) {
  ByteReader reader(data);
  const auto protocol = reader.array<4>();
  const std::uint8_t command = reader.u8();
  reader.seek(kSmbHeaderSize);
  const std::uint8_t words = reader.u8();
  reader.skip(22);  // total counts, maxima, flags, timeout, parameters
  const std::uint16_t count = reader.u16();
  const std::uint16_t offset = reader.u16();
  reader.skip(8);  // setup: its count, opcode, priority, class
  reader.skip(2);  // ByteCount, which may be ignored
  const bool is_transaction = protocol == std::array<std::uint8_t, 4>{0xFF, 'S', 'M', 'B'} && command == kTransaction;
  if (!reader.ok() || !is_transaction || words != kMailslotWords) return fail(NtStatus::INVALID_PARAMETER);
  // [MS-MAIL] 2.2.1: the name ends with a zero, before the data.
  const std::size_t name_at = reader.position();
  const Bytes content = reader.slice(offset, count);
  if (!reader.ok() || offset < name_at) return fail(NtStatus::INVALID_PARAMETER);
  const Bytes name = data.subspan(name_at, offset - name_at);
  if (std::ranges::find(name, 0) == name.end()) return fail(NtStatus::INVALID_PARAMETER);
  return MailslotWrite{until_zero(name), {content.begin(), content.end()}};
}

ByteVector encode_mailslot_write(const MailslotWrite& write) {
  const std::size_t fixed = kSmbHeaderSize + 1 + kMailslotWords * 2 + 2;
  const std::size_t data_at = (fixed + write.mailslot.size() + 1 + 3) / 4 * 4;
  ByteWriter out;
  out.bytes(std::array<std::uint8_t, 5>{0xFF, 'S', 'M', 'B', kTransaction});
  out.zeros(kSmbHeaderSize - out.size());
  out.u8(kMailslotWords);
  out.u16(0);  // TotalParameterCount
  out.u16(static_cast<std::uint16_t>(write.data.size()));
  out.zeros(2 + 2 + 1 + 1 + 2);  // maxima, reserved, flags
  out.u32(0);                    // timeout
  out.zeros(2 + 2 + 2);          // reserved, parameter count and offset
  out.u16(static_cast<std::uint16_t>(write.data.size()));
  out.u16(static_cast<std::uint16_t>(data_at));
  out.u16(3);  // SetupCount and Reserved3
  out.u16(1);  // MailSlotOpcode: write
  out.u16(1);  // Priority
  out.u16(2);  // Class: unreliable, may be broadcast
  out.u16(static_cast<std::uint16_t>(data_at - fixed + write.data.size()));
  out.bytes(as_bytes(write.mailslot));
  out.zeros(data_at - out.size());
  out.bytes(write.data);
  return std::move(out).take();
}

Result<Announcement> decode_announcement(Bytes frame) {
  ByteReader reader(frame);
  Announcement announcement;
  announcement.opcode = static_cast<BrowserOpcode>(reader.u8());
  reader.skip(1);  // UpdateCount
  announcement.period_ms = reader.u32();
  announcement.name = until_zero(reader.bytes(kBrowserNameSize));
  announcement.version_major = reader.u8();
  announcement.version_minor = reader.u8();
  announcement.server_type = reader.u32();
  reader.skip(4);  // browser version and signature, which is not checked by others either
  if (!reader.ok() || !is_announcement(announcement.opcode) || announcement.name.empty()) {
    return fail(NtStatus::INVALID_PARAMETER);
  }
  announcement.comment = until_zero(reader.rest().first(std::min(reader.remaining(), kCommentSizeMax)));
  return announcement;
}

ByteVector encode_announcement(const Announcement& announcement) {
  ByteWriter out;
  out.u8(static_cast<std::uint8_t>(announcement.opcode));
  out.u8(0);
  out.u32(announcement.period_ms);
  std::string name = announcement.name.substr(0, kBrowserNameSize - 1);
  name.resize(kBrowserNameSize);
  out.bytes(as_bytes(name));
  out.u8(announcement.version_major);
  out.u8(announcement.version_minor);
  out.u32(announcement.server_type);
  out.u16(0x010F);  // browser version 15.1
  out.u16(0xAA55);
  out.bytes(as_bytes(announcement.comment.substr(0, kCommentSizeMax - 1)));
  out.u8(0);
  return std::move(out).take();
}

ByteVector encode_announcement_request(std::string_view sender) {
  ByteVector out = {static_cast<std::uint8_t>(BrowserOpcode::announcement_request), 0};
  put_text(out, sender.substr(0, kBrowserNameSize - 1));
  out.push_back(0);
  return out;
}

}  // namespace dozo::netbios
