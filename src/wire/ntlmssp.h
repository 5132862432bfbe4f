// NTLMSSP messages. [MS-NLMP] 2.2. All Bytes are views into the decoded message. STATUS_INVALID_PARAMETER when
// malformed: a field that wraps, leaves the message or reaches into its fixed part included.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "model/file_time.h"
#include "model/flags.h"

namespace dozo::wire {

// [MS-NLMP] 2.2.2.5.
enum class NtlmFlag : std::uint32_t {
  unicode = 0x00000001,
  oem = 0x00000002,
  request_target = 0x00000004,
  sign = 0x00000010,
  seal = 0x00000020,
  datagram = 0x00000040,
  lm_key = 0x00000080,
  ntlm = 0x00000200,
  anonymous = 0x00000800,
  oem_domain_supplied = 0x00001000,
  oem_workstation_supplied = 0x00002000,
  always_sign = 0x00008000,
  target_type_domain = 0x00010000,
  target_type_server = 0x00020000,
  extended_session_security = 0x00080000,
  identify = 0x00100000,
  request_non_nt_session_key = 0x00400000,
  target_info = 0x00800000,
  version = 0x02000000,
  key_128 = 0x20000000,
  key_exchange = 0x40000000,
  key_56 = 0x80000000,
};
using NtlmFlags = Flags<NtlmFlag>;
DOZO_FLAGS(NtlmFlag)

// [MS-NLMP] 2.2.2.10.
struct NtlmVersion {
  std::uint8_t major = 0;
  std::uint8_t minor = 0;
  std::uint16_t build = 0;
  std::uint8_t revision = 15;  // NTLMSSP_REVISION_W2K3
};

// [MS-NLMP] 2.2.2.1.
enum class AvId : std::uint16_t {
  eol = 0,
  nb_computer_name = 1,
  nb_domain_name = 2,
  dns_computer_name = 3,
  dns_domain_name = 4,
  dns_tree_name = 5,
  flags = 6,
  timestamp = 7,
  single_host = 8,
  target_name = 9,
  channel_bindings = 10,
};
inline constexpr std::uint32_t kAvFlagConstrainedAuthentication = 0x00000001;
inline constexpr std::uint32_t kAvFlagMicPresent = 0x00000002;
inline constexpr std::uint32_t kAvFlagUntrustedTargetName = 0x00000004;

struct AvPair {
  AvId id = AvId::eol;
  Bytes value;
};

// The pairs without their terminator, which must be there. At most kAvPairsMax.
inline constexpr std::size_t kAvPairsMax = 64;
Result<std::vector<AvPair>> decode_av_pairs(Bytes bytes);
void encode_av_pairs(const std::vector<AvPair>& pairs, ByteWriter& out);  // with the terminator
std::optional<Bytes> find_av(const std::vector<AvPair>& pairs, AvId id);
// MsvAvFlags, 0 when absent; MsvAvTimestamp. Values of the wrong size count as absent.
std::uint32_t av_flags(const std::vector<AvPair>& pairs);
std::optional<FileTime> av_timestamp(const std::vector<AvPair>& pairs);

// [MS-NLMP] 2.2.1.1. The names are OEM text. Windows of old leaves out what follows the flags.
struct NtlmNegotiate {
  NtlmFlags flags;
  Bytes domain_name;
  Bytes workstation;
  std::optional<NtlmVersion> version;
};

// [MS-NLMP] 2.2.1.2.
struct NtlmChallenge {
  std::u16string target_name;
  NtlmFlags flags;
  std::array<std::uint8_t, 8> server_challenge{};
  Bytes target_info;  // AV pairs
  std::optional<NtlmVersion> version;
};

// [MS-NLMP] 2.2.1.3. Names are UTF-16, or OEM text widened byte by byte when UNICODE is not negotiated.
// Presence of a MIC follows from where the payload begins; whether it must be there, from MsvAvFlags.
struct NtlmAuthenticate {
  Bytes lm_challenge_response;
  Bytes nt_challenge_response;
  std::u16string domain_name;
  std::u16string user_name;
  std::u16string workstation;
  Bytes encrypted_random_session_key;
  NtlmFlags flags;
  std::optional<NtlmVersion> version;
  std::optional<std::array<std::uint8_t, 16>> mic;
};
inline constexpr std::size_t kNtlmMicOffset = 72;  // of the MIC in AUTHENTICATE; it is computed with zeros there
inline constexpr std::size_t kNtlmMicSize = 16;

// [MS-NLMP] 2.2.2.8 NTLMv2_RESPONSE, and in it 2.2.2.7 NTLMv2_CLIENT_CHALLENGE. A response of 24 bytes is
// NTLMv1's and malformed here.
struct Ntlmv2Response {
  std::array<std::uint8_t, 16> proof{};
  Bytes client_challenge_blob;  // `temp`: what the proof is computed over, after the server's challenge
  FileTime timestamp;
  std::array<std::uint8_t, 8> challenge_from_client{};
  std::vector<AvPair> av_pairs;
};

inline constexpr std::size_t kNtlmv1ResponseSize = 24;

// 1, 2 or 3 ([MS-NLMP] 2.2.1 MessageType); STATUS_INVALID_PARAMETER without the signature.
Result<std::uint32_t> ntlm_message_type(Bytes message);

Result<NtlmNegotiate> decode_ntlm_negotiate(Bytes message);
Result<NtlmChallenge> decode_ntlm_challenge(Bytes message);
Result<NtlmAuthenticate> decode_ntlm_authenticate(Bytes message);
Result<Ntlmv2Response> decode_ntlmv2_response(Bytes nt_challenge_response);

ByteVector encode_ntlm_negotiate(const NtlmNegotiate& message);
ByteVector encode_ntlm_challenge(const NtlmChallenge& message);
// Always with a version (zeros when absent); with room for a MIC when `mic` is set.
ByteVector encode_ntlm_authenticate(const NtlmAuthenticate& message);
// `temp` of [MS-NLMP] 3.3.2: everything but the proof, from timestamp, challenge_from_client and av_pairs.
ByteVector encode_ntlmv2_client_challenge(const Ntlmv2Response& response);

}  // namespace dozo::wire
