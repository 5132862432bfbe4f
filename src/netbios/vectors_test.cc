// The golden packets of tests/vectors/netbios: decode to their text, encode to their bytes, and no shortened or changed
// copy of them does harm.
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "base/hex_for_tests.h"
#include "netbios/datagram.h"
#include "netbios/dns_message.h"
#include "netbios/local_link.h"
#include "netbios/name_service.h"

namespace dozo::netbios {
namespace {

struct Vector {
  std::string kind, what, text;
  ByteVector bytes;
  bool exact = true;
};

void take_line(const std::string& line, Vector& vector) {
  if (line.starts_with("name: ")) {
    const std::size_t space = line.find(' ', 6);
    vector.kind = line.substr(6, space - 6);
    vector.what = line.substr(space + 1);
  }
  if (line.starts_with("hex: ")) {
    const ByteVector more = hex(line.substr(5));
    vector.bytes.insert(vector.bytes.end(), more.begin(), more.end());
  }
  if (line.starts_with("text: ")) vector.text = line.substr(6);
  if (line == "exact: no") vector.exact = false;
}

std::vector<Vector> load_vectors() {
  std::vector<Vector> vectors;
  for (const auto& entry : std::filesystem::directory_iterator(DOZO_SOURCE_DIR "/tests/vectors/netbios")) {
    if (entry.path().extension() != ".txt") continue;
    std::ifstream in(entry.path());
    Vector vector;
    for (std::string line; std::getline(in, line);) {
      take_line(line, vector);
      if (line.empty() && !vector.kind.empty()) vectors.push_back(std::exchange(vector, {}));
    }
    if (!vector.kind.empty()) vectors.push_back(vector);
  }
  return vectors;
}

std::string name_text(const Name& name) {
  return fmt::format("{}<{:02x}>{}{}", printable(name), name.suffix, name.scope.empty() ? "" : ".", name.scope);
}

std::string flags_text(const NameFlags& flags) {
  return fmt::format("{}{}{}{}", flags.node_letter(), flags.group ? " group" : "", flags.active ? " active" : "",
                     flags.conflict ? " conflict" : "");
}

std::string text_of(const NamePacket& packet) {
  std::string out = fmt::format("{} {} {} type {:#x} rcode {}{}{}", packet.response ? "response" : "request",
                                static_cast<int>(packet.opcode), name_text(packet.name), packet.type, packet.rcode,
                                packet.broadcast ? " broadcast" : "", packet.recursion_desired ? " recursion" : "");
  for (const NameAddress& entry : packet.addresses) {
    out += fmt::format(" [{} {}]", entry.text(), flags_text(entry.flags));
  }
  if (!packet.status) return out;
  for (const OwnedName& owned : packet.status->names) {
    out += fmt::format(" [{} {}]", name_text(owned.name), flags_text(owned.flags));
  }
  return out + " " + mac_text(packet.status->unit_id);
}

std::string text_of(const DnsMessage& message) {
  std::string out = fmt::format("flags {:04x}", message.flags);
  for (const DnsQuestion& question : message.questions) {
    out += fmt::format(" ?{} {} {:#x}", dotted(question.name), question.type, question.klass);
  }
  for (const auto* records : {&message.answers, &message.authorities, &message.additionals}) {
    for (const DnsRecord& record : *records) {
      out += fmt::format(" [{} {} {}{}]", dotted(record.name), record.type, address_in(record),
                         record.type == kTypePtr ? dotted(name_in(record).value_or(Labels{})) : "");
    }
  }
  return out;
}

std::string text_of(const NetbiosDatagram& datagram) {
  std::string out = fmt::format("{:#x} {} -> {}", static_cast<int>(datagram.type), name_text(datagram.source),
                                name_text(datagram.destination));
  const auto write = decode_mailslot_write(datagram.data);
  if (!write) return out;
  out += " " + write->mailslot;
  const auto announcement = decode_announcement(write->data);
  if (!announcement) return out;
  return out + fmt::format(" announcement {:#x} {} {}.{} type {:#x} every {} ms '{}'",
                           static_cast<int>(announcement->opcode), announcement->name, announcement->version_major,
                           announcement->version_minor, announcement->server_type, announcement->period_ms,
                           announcement->comment);
}

struct Seen {
  std::string text = "refused";
  ByteVector again;  // encoded
};

Seen look(const std::string& kind, Bytes bytes) {
  Seen seen;
  if (const auto packet = kind == "name-service" ? decode_name_packet(bytes) : fail(NtStatus{})) {
    seen = {text_of(*packet), encode_name_packet(*packet).value_or(ByteVector{})};
  } else if (const auto message = kind == "dns" ? decode_dns(bytes, Dialect33::srv) : fail(NtStatus{})) {
    seen = {text_of(*message), encode_dns(*message)};
  } else if (const auto datagram = kind == "datagram" ? decode_datagram(bytes) : fail(NtStatus{})) {
    seen = {text_of(*datagram), encode_datagram(*datagram).value_or(ByteVector{})};
  }
  return seen;
}

TEST(NetbiosVectors, decode_to_their_text_and_encode_to_their_bytes) {
  const auto vectors = load_vectors();
  ASSERT_GE(vectors.size(), 12u);
  for (const Vector& vector : vectors) {
    const Seen seen = look(vector.kind, vector.bytes);
    EXPECT_EQ(seen.text, vector.text) << vector.what;
    if (vector.exact && vector.text != "refused") EXPECT_EQ(seen.again, vector.bytes) << vector.what;
    if (vector.text != "refused") EXPECT_EQ(look(vector.kind, seen.again).text, vector.text) << vector.what;
  }
}

TEST(NetbiosVectors, every_truncation_is_refused_or_says_less) {
  for (const Vector& vector : load_vectors()) {
    for (std::size_t size = 0; size < vector.bytes.size(); ++size) {
      const ByteVector copy(vector.bytes.begin(), vector.bytes.begin() + static_cast<std::ptrdiff_t>(size));
      const Seen seen = look(vector.kind, copy);
      const bool whole = seen.text == vector.text && vector.text != "refused";
      EXPECT_FALSE(whole && vector.exact) << vector.what << " at " << size;
    }
  }
}

TEST(NetbiosVectors, flipped_bytes_do_no_harm) {
  for (const Vector& vector : load_vectors()) {
    for (std::size_t at = 0; at < vector.bytes.size(); ++at) {
      for (const int flip : {0x01, 0x80, 0xFF}) {
        ByteVector copy = vector.bytes;
        copy[at] = static_cast<std::uint8_t>(copy[at] ^ flip);
        const Seen seen = look(vector.kind, copy);
        if (seen.text != "refused" && !seen.again.empty()) EXPECT_NE(look(vector.kind, seen.again).text, "refused");
      }
    }
  }
}

}  // namespace
}  // namespace dozo::netbios
