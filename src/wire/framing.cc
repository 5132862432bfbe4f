#include "wire/framing.h"

#include "base/assert.h"
#include "model/nt_status.h"

namespace dozo::wire {

Result<std::uint32_t> decode_frame_prefix(Bytes prefix) {
  if (prefix.size() < kFramePrefixSize) return fail(NtStatus::INVALID_PARAMETER);
  const auto word = load_be<std::uint32_t>(prefix.data());
  // [MS-SMB2] 2.1: the first byte is zero, the length takes the other three in network order.
  if (word > kFrameLengthMax) return fail(NtStatus::INVALID_PARAMETER);
  return word;
}

std::array<std::uint8_t, kFramePrefixSize> encode_frame_prefix(std::size_t length) {
  DOZO_ASSERT(length <= kFrameLengthMax);
  std::array<std::uint8_t, kFramePrefixSize> out;
  store_be(out.data(), static_cast<std::uint32_t>(length));
  return out;
}

Result<SessionPacket> decode_session_packet(Bytes prefix) {
  if (prefix.size() < kFramePrefixSize) return fail(NtStatus::INVALID_PARAMETER);
  const std::uint8_t type = prefix[0];
  if (type != 0 && (type < 0x81 || type > 0x85)) return fail(NtStatus::INVALID_PARAMETER);
  const std::uint32_t length = load_be<std::uint32_t>(prefix.data()) & kFrameLengthMax;
  // RFC 1002 4.3.1: only the lowest flag bit is in use; it is the length's 17th bit.
  if (length > kNetbiosFrameLengthMax) return fail(NtStatus::INVALID_PARAMETER);
  return SessionPacket{static_cast<SessionPacketType>(type), length};
}

std::array<std::uint8_t, kFramePrefixSize> encode_session_packet(const SessionPacket& packet) {
  DOZO_ASSERT(packet.length <= kNetbiosFrameLengthMax);
  std::array<std::uint8_t, kFramePrefixSize> out;
  store_be(out.data(), static_cast<std::uint32_t>(packet.type) << 24 | packet.length);
  return out;
}

}  // namespace dozo::wire
