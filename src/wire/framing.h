// What stands before each message on a stream: the direct-TCP prefix, [MS-SMB2] 2.1, and the session service
// packets of NetBIOS over TCP, RFC 1002 4.3, which share its first byte and its length's place.
#pragma once

#include <array>
#include <cstdint>

#include "base/bytes.h"
#include "base/result.h"

namespace dozo::wire {

inline constexpr std::size_t kFramePrefixSize = 4;
inline constexpr std::uint32_t kFrameLengthMax = 0x00FFFFFF;         // direct TCP: three bytes
inline constexpr std::uint32_t kNetbiosFrameLengthMax = 0x0001FFFF;  // NetBIOS: 17 bits

// RFC 1002 4.3.1 TYPE.
enum class SessionPacketType : std::uint8_t {
  session_message = 0x00,
  session_request = 0x81,
  positive_response = 0x82,
  negative_response = 0x83,
  retarget_response = 0x84,
  keep_alive = 0x85,
};

struct SessionPacket {
  SessionPacketType type = SessionPacketType::session_message;
  std::uint32_t length = 0;  // of what follows the four bytes
};

// The length of the message behind a direct-TCP prefix; STATUS_INVALID_PARAMETER when the first byte is not 0 or
// fewer than four bytes are given. The caller bounds the length before it allocates anything.
Result<std::uint32_t> decode_frame_prefix(Bytes prefix);
// Precondition: length <= kFrameLengthMax.
std::array<std::uint8_t, kFramePrefixSize> encode_frame_prefix(std::size_t length);

// As above for NetBIOS, port 139. Reserved flag bits and unknown types are STATUS_INVALID_PARAMETER.
Result<SessionPacket> decode_session_packet(Bytes prefix);
// Precondition: packet.length <= kNetbiosFrameLengthMax.
std::array<std::uint8_t, kFramePrefixSize> encode_session_packet(const SessionPacket& packet);

}  // namespace dozo::wire
