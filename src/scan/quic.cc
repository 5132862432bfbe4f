#include "scan/quic.h"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>

#include "crypto/random.h"
#include "netbios/udp_socket.h"
#include "scan/trouble.h"

namespace dozo::scan {
namespace {

constexpr std::uint8_t kLongHeader = 0xC0;        // RFC 9000 17.2: form and fixed bit
constexpr std::uint32_t kNoVersion = 0x1A2A3A4A;  // RFC 9000 15: 0x?a?a?a?a is for exercising negotiation
constexpr std::size_t kDatagramSize = 1200;       // RFC 9000 14.1: a server answers none that is smaller
constexpr std::size_t kConnectionIdSize = 8, kConnectionIdMax = 255;
constexpr int kDatagramsMax = 8, kVersionsMax = 64;

void put_be(ByteWriter& out, std::uint32_t value) { out.u32(std::byteswap(value)); }

std::string versions_text(const std::vector<std::uint32_t>& versions) {
  std::string out;
  for (const std::uint32_t version : versions) out += fmt::format("{}0x{:08x}", out.empty() ? "" : " ", version);
  return out;
}

}  // namespace

ByteVector encode_quic_probe(Bytes id) {
  ByteWriter out;
  out.u8(kLongHeader);
  put_be(out, kNoVersion);
  for (int i = 0; i < 2; ++i) {  // destination, source
    out.u8(static_cast<std::uint8_t>(id.size()));
    out.bytes(id);
  }
  out.zeros(kDatagramSize - out.size());
  return std::move(out).take();
}

std::vector<std::uint32_t> decode_version_negotiation(Bytes datagram, Bytes id) {
  ByteReader in(datagram);
  const bool is_long = (in.u8() & 0x80) != 0;
  const std::uint32_t version = in.u32();
  bool mine = true;
  for (int i = 0; i < 2; ++i) {  // ours, sent back the other way round
    const std::size_t size = in.u8();
    mine = mine && size <= kConnectionIdMax && std::ranges::equal(in.bytes(size), id);
  }
  std::vector<std::uint32_t> versions;
  if (!in.ok() || !is_long || version != 0 || !mine || in.remaining() % 4 != 0) return versions;
  while (in.remaining() > 0 && versions.size() < kVersionsMax) versions.push_back(std::byteswap(in.u32()));
  return versions;
}

runtime::Task<Fact> ask_quic(runtime::Loop& loop, runtime::Endpoint endpoint, Duration timeout) {
  std::string error;
  netbios::UdpSocket socket = netbios::UdpSocket::open(loop, endpoint.family(), error);
  if (!socket) co_return untested(error);
  const auto id = crypto::random_bytes<kConnectionIdSize>();
  if (socket.connect(endpoint) != 0) co_return untested("the host cannot be reached");
  if (const int sent = socket.send_to(endpoint, encode_quic_probe(id)); sent != 0) {
    co_return sent == ECONNREFUSED ? no("nothing listens on that port") : untested("the host cannot be reached");
  }
  const Instant deadline = loop.now() + timeout;
  for (int heard = 0; heard < kDatagramsMax; ++heard) {
    const auto datagram = co_await socket.receive(deadline);
    if (!datagram && socket.last_error() == ECONNREFUSED) co_return no("nothing listens on that port");
    if (!datagram) break;
    const auto versions = decode_version_negotiation(datagram->data, id);
    if (!versions.empty()) co_return yes(fmt::format("QUIC, with the versions {}", versions_text(versions)));
  }
  co_return untested("nothing answered in QUIC");
}

}  // namespace dozo::scan
