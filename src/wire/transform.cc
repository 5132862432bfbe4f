#include "wire/transform.h"

namespace dozo::wire {
namespace {

constexpr std::uint16_t kFlagChained = 0x0001;  // SMB2_COMPRESSION_FLAG_CHAINED

// [MS-SMB2] 2.2.42.2.1: OriginalPayloadSize is there for these algorithms only.
bool has_original_size(CompressionAlgorithm algorithm) {
  switch (algorithm) {
    case CompressionAlgorithm::lznt1:
    case CompressionAlgorithm::lz77:
    case CompressionAlgorithm::lz77_huffman:
    case CompressionAlgorithm::lz4:
      return true;
    default:
      return false;
  }
}

Result<CompressedPart> take_chained_part(ByteReader& in) {
  CompressedPart part;
  part.algorithm = static_cast<CompressionAlgorithm>(in.u16());
  in.skip(2);
  std::size_t length = in.u32();
  if (has_original_size(part.algorithm)) {
    // [MS-SMB2] 2.2.42.2.1: Length counts OriginalPayloadSize.
    if (length < 4) return fail(NtStatus::INVALID_PARAMETER);
    part.original_size = in.u32();
    length -= 4;
  }
  part.data = in.bytes(length);
  if (!in.ok()) return fail(NtStatus::INVALID_PARAMETER);

  if (part.algorithm == CompressionAlgorithm::none) part.original_size = static_cast<std::uint32_t>(length);
  if (part.algorithm == CompressionAlgorithm::pattern_v1) {
    DOZO_TRY(const PatternPayload pattern, decode_plain<PatternPayload>(part.data));
    if (length != plain_size(pattern)) return fail(NtStatus::INVALID_PARAMETER);
    part.original_size = pattern.repetitions;
  }
  return part;
}

Result<> take_chain(ByteReader& in, CompressedMessage& out) {
  while (in.remaining() != 0) {
    if (out.parts.size() == kCompressionPartsMax) return fail(NtStatus::INVALID_PARAMETER);
    DOZO_TRY(out.parts.emplace_back(), take_chained_part(in));
  }
  // [MS-SMB2] 3.3.5.2.1.2: a chain whose sizes do not add up to the segment's is not believed.
  if (out.total_size() != out.original_compressed_segment_size) return fail(NtStatus::INVALID_PARAMETER);
  return {};
}

Result<> take_unchained(ByteReader& in, CompressedMessage& out) {
  const auto algorithm = static_cast<CompressionAlgorithm>(in.u16());
  in.skip(2);
  const std::uint32_t offset = in.u32();
  const Bytes plain = in.bytes(offset);
  if (!in.ok()) return fail(NtStatus::INVALID_PARAMETER);
  if (offset != 0) out.parts.push_back({CompressionAlgorithm::none, offset, plain});
  // [MS-SMB2] 2.2.42.1: OriginalCompressedSegmentSize is that of the compressed part alone.
  out.parts.push_back({algorithm, out.original_compressed_segment_size, in.rest()});
  return {};
}

void encode_chained_part(const CompressedPart& part, bool first, ByteWriter& out) {
  const bool sized = has_original_size(part.algorithm);
  out.u16(static_cast<std::uint16_t>(part.algorithm));
  out.u16(first ? kFlagChained : 0);
  out.u32(static_cast<std::uint32_t>(part.data.size() + (sized ? 4 : 0)));
  if (sized) out.u32(part.original_size);
  out.bytes(part.data);
}

}  // namespace

Result<TransformHeader> decode_transform_header(Bytes frame) {
  DOZO_TRY(const TransformHeader header, decode_plain<TransformHeader>(frame));
  if (header.original_message_size != frame.size() - kTransformHeaderSize) return fail(NtStatus::INVALID_PARAMETER);
  return header;
}

std::uint64_t CompressedMessage::total_size() const {
  std::uint64_t total = 0;
  for (const CompressedPart& part : parts) total += part.original_size;
  return total;
}

Result<CompressedMessage> decode_compressed(Bytes frame) {
  constexpr std::size_t kFlagsOffset = 10;  // the same place in both forms
  if (frame.size() < kFlagsOffset + 2) return fail(NtStatus::INVALID_PARAMETER);
  ByteReader in(frame);
  if (in.u32() != kCompressionProtocolId) return fail(NtStatus::INVALID_PARAMETER);

  CompressedMessage out;
  out.original_compressed_segment_size = in.u32();
  out.chained = load_le<std::uint16_t>(frame.data() + kFlagsOffset) == kFlagChained;
  DOZO_CHECK(out.chained ? take_chain(in, out) : take_unchained(in, out));
  return out;
}

void encode_compressed(const CompressedMessage& message, ByteWriter& out) {
  out.u32(kCompressionProtocolId);
  out.u32(message.original_compressed_segment_size);
  if (message.chained) {
    for (const CompressedPart& part : message.parts) encode_chained_part(part, &part == message.parts.data(), out);
    return;
  }
  DOZO_ASSERT(message.parts.size() == 1 || message.parts.size() == 2);
  const bool has_plain = message.parts.size() == 2;
  out.u16(static_cast<std::uint16_t>(message.parts.back().algorithm));
  out.u16(0);
  out.u32(has_plain ? static_cast<std::uint32_t>(message.parts.front().data.size()) : 0);
  for (const CompressedPart& part : message.parts) out.bytes(part.data);
}

}  // namespace dozo::wire
