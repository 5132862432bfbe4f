// The transforms around SMB2 messages: encryption, [MS-SMB2] 2.2.41, and compression, 2.2.42. Headers only:
// the ciphers and algorithms are in crypto/.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "wire/header.h"
#include "wire/negotiate.h"

namespace dozo::wire {

inline constexpr std::size_t kTransformHeaderSize = 52;
inline constexpr std::size_t kTransformAadOffset = 20;  // Nonce to SessionId are authenticated with the message
inline constexpr std::uint16_t kTransformEncrypted = 0x0001;

// [MS-SMB2] 2.2.41. `flags` is EncryptionAlgorithm in 3.0 and 3.0.2; 1 in every dialect.
struct TransformHeader {
  static constexpr std::string_view kName = "TransformHeader";
  std::array<std::uint8_t, 16> signature{};
  std::array<std::uint8_t, 16> nonce{};  // 11 bytes of it for CCM, 12 for GCM
  std::uint32_t original_message_size = 0;
  std::uint16_t flags = kTransformEncrypted;
  SessionId session_id;

  template <class V, class S>
  static constexpr void fields(V& v, S& self) {
    v.must_be(kTransformProtocolId);
    v("signature", self.signature);
    v("nonce", self.nonce);
    v("original_message_size", self.original_message_size);
    v.reserved(2);
    v("flags", self.flags);
    v("session_id", self.session_id);
  }
};

// The header of `frame`, which must hold exactly OriginalMessageSize bytes behind it; STATUS_INVALID_PARAMETER
// otherwise. Flags are not judged here ([MS-SMB2] 3.3.5.2.1.1 does, by dialect).
Result<TransformHeader> decode_transform_header(Bytes frame);
inline void encode_transform_header(const TransformHeader& header, ByteWriter& out) { encode_plain(header, out); }

// [MS-SMB2] 2.2.42.2.2 SMB2_COMPRESSION_PATTERN_PAYLOAD_V1.
struct PatternPayload {
  static constexpr std::string_view kName = "PatternPayload";
  std::uint8_t pattern = 0;
  std::uint32_t repetitions = 0;

  template <class V, class S>
  static constexpr void fields(V& v, S& self) {
    v("pattern", self.pattern);
    v.reserved(1);
    v.reserved(2);
    v("repetitions", self.repetitions);
  }
};

// One piece of a compressed message, in order. An unchained message is one or two of them: what precedes the
// compressed part, if anything, and that part.
struct CompressedPart {
  CompressionAlgorithm algorithm = CompressionAlgorithm::none;
  std::uint32_t original_size = 0;  // after decompression; data.size() for `none`, repetitions for pattern_v1
  Bytes data;
};

struct CompressedMessage {
  bool chained = false;
  std::uint32_t original_compressed_segment_size = 0;
  std::vector<CompressedPart> parts;
  // What all parts together decompress to. Believed only after the caller has bounded it.
  std::uint64_t total_size() const;
};

inline constexpr std::size_t kCompressionPartsMax = 64;  // [MS-SMB2] gives no bound; clients send three

// [MS-SMB2] 2.2.42.1 (unchained) and 2.2.42.2 (chained). STATUS_INVALID_PARAMETER when a length leaves the frame,
// sizes contradict each other, or there are more than kCompressionPartsMax parts.
Result<CompressedMessage> decode_compressed(Bytes frame);
void encode_compressed(const CompressedMessage& message, ByteWriter& out);

}  // namespace dozo::wire
