#include "wire/smb1_negotiate.h"

#include <algorithm>

#include "model/nt_status.h"

namespace dozo::wire {
namespace {

constexpr std::uint32_t kProtocolId = 0x424D53FF;
constexpr std::uint8_t kComNegotiate = 0x72;
constexpr std::uint8_t kFlagReply = 0x80;
constexpr std::uint8_t kBufferFormatDialect = 0x02;
constexpr std::size_t kSmb1HeaderSize = 32;

// [MS-CIFS] 2.2.4.52.1: each dialect is the byte 2 and a NUL-terminated string.
Result<std::string_view> take_dialect(Bytes& left) {
  if (left.empty() || left[0] != kBufferFormatDialect) return fail(NtStatus::INVALID_PARAMETER);
  const auto end = std::find(left.begin() + 1, left.end(), std::uint8_t{0});
  if (end == left.end()) return fail(NtStatus::INVALID_PARAMETER);
  const auto length = static_cast<std::size_t>(end - left.begin()) - 1;
  const std::string_view text = as_text(left.subspan(1, length));
  left = left.subspan(length + 2);
  return text;
}

}  // namespace

bool Smb1NegotiateRequest::offers(std::string_view dialect) const {
  return std::find(dialects.begin(), dialects.end(), dialect) != dialects.end();
}

Result<Smb1NegotiateRequest> decode_smb1_negotiate(Bytes message) {
  ByteReader in(message);
  const bool is_smb1 = in.u32() == kProtocolId;
  const bool is_negotiate = in.u8() == kComNegotiate;
  in.skip(4);
  const bool is_reply = (in.u8() & kFlagReply) != 0;
  in.seek(kSmb1HeaderSize);
  const std::size_t word_count = in.u8();
  in.skip(2 * word_count);
  const std::size_t byte_count = in.u16();
  Bytes left = in.bytes(byte_count);
  if (!in.ok() || !is_smb1 || !is_negotiate || is_reply) return fail(NtStatus::INVALID_PARAMETER);

  Smb1NegotiateRequest out;
  while (!left.empty() && out.dialects.size() < kSmb1DialectsMax) {
    DOZO_TRY(out.dialects.emplace_back(), take_dialect(left));
  }
  if (out.dialects.empty()) return fail(NtStatus::INVALID_PARAMETER);
  return out;
}

void encode_smb1_negotiate(const Smb1NegotiateRequest& request, ByteWriter& out) {
  out.u32(kProtocolId);
  out.u8(kComNegotiate);
  out.zeros(4);
  out.u8(0x18);     // Flags: canonicalized paths, case-insensitive
  out.u16(0xC853);  // Flags2: Unicode, NT status, extended security, long names
  out.zeros(12);
  out.u16(0xFFFF);  // TID
  out.u16(0xFEFF);  // PIDLow
  out.zeros(4);
  out.u8(0);
  const std::size_t byte_count = out.size();
  out.u16(0);
  for (const std::string_view dialect : request.dialects) {
    out.u8(kBufferFormatDialect);
    out.bytes(as_bytes(dialect));
    out.u8(0);
  }
  out.patch(byte_count, static_cast<std::uint16_t>(out.size() - byte_count - 2));
}

}  // namespace dozo::wire
