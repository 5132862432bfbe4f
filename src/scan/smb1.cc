#include "scan/smb1.h"

#include <string>

#include "model/nt_status.h"
#include "wire/header.h"
#include "wire/smb1_negotiate.h"

namespace dozo::scan {
namespace {

constexpr std::uint8_t kComNegotiate = 0x72;
constexpr std::uint8_t kFlagReply = 0x80;
constexpr std::size_t kHeaderSize = 32;
constexpr std::uint16_t kNoDialect = 0xFFFF;
// [MS-CIFS] 2.2.4.52.2: words of the answer in NT LM 0.12, in the LAN Manager dialects, in the core dialect.
constexpr std::uint8_t kNtWords = 17, kLanmanWords = 13, kCoreWords = 1;

constexpr std::uint8_t kComTransaction = 0x25, kComSessionSetup = 0x73, kComTreeConnect = 0x75;
constexpr std::uint8_t kNoAndX = 0xFF;
constexpr std::size_t kFlags2At = 10;
constexpr std::uint16_t kFlags2 = 0x4001;  // [MS-CIFS] 2.2.3.1: NT status, long names; no Unicode, no extended security
constexpr std::uint16_t kProcess = 0xFEFF;
constexpr std::uint16_t kPeekNamedPipe = 0x0023;

// A request: header, words, bytes.
ByteVector message_of(std::uint8_t command, const Smb1Session& session, Bytes words, Bytes bytes) {
  ByteWriter out;
  out.u32(wire::kSmb1ProtocolId);
  out.u8(command);
  out.zeros(4);
  out.u8(0x18);  // Flags: canonicalized paths, case-insensitive
  out.u16(kFlags2);
  out.zeros(12);
  out.u16(session.tid);
  out.u16(kProcess);
  out.u16(session.uid);
  out.u16(1);  // MID
  out.u8(static_cast<std::uint8_t>(words.size() / 2));
  out.bytes(words);
  out.u16(static_cast<std::uint16_t>(bytes.size()));
  out.bytes(bytes);
  return std::move(out).take();
}

void put_text(ByteWriter& out, std::string_view text) {
  out.bytes(as_bytes(text));
  out.u8(0);
}

void put_no_andx(ByteWriter& words) {
  words.u8(kNoAndX);
  words.zeros(3);
}

std::unexpected<NtStatus> bad() { return fail(NtStatus::INVALID_NETWORK_RESPONSE); }

}  // namespace

ByteVector encode_smb1_offer(const std::vector<std::string_view>& dialects) {
  ByteWriter out;
  wire::encode_smb1_negotiate({.dialects = dialects}, out);
  return std::move(out).take();
}

Result<Smb1Negotiated> decode_smb1_answer(Bytes message) {
  ByteReader in(message);
  const bool is_smb1 = in.u32() == wire::kSmb1ProtocolId;
  const bool is_negotiate = in.u8() == kComNegotiate;
  Smb1Negotiated out{.status = static_cast<NtStatus>(in.u32())};
  const bool is_reply = (in.u8() & kFlagReply) != 0;
  in.seek(kHeaderSize);
  out.word_count = in.u8();
  if (!in.ok() || !is_smb1 || !is_negotiate || !is_reply) return bad();
  if (out.word_count == 0) return is_error(out.status) ? Result<Smb1Negotiated>(out) : bad();
  const std::uint16_t index = in.u16();
  const std::uint8_t mode = in.u8();
  // MaxMpxCount, MaxNumberVcs, MaxBufferSize, MaxRawSize.
  in.skip(12);
  if (out.word_count == kNtWords) out.session_key = in.u32();
  if (!ByteReader(message, kHeaderSize + 1 + 2 * std::size_t{out.word_count}).ok()) return bad();
  if (index == kNoDialect) return out;
  if (out.word_count != kNtWords && out.word_count != kLanmanWords && out.word_count != kCoreWords) return bad();
  out.dialect_index = index;
  // [MS-CIFS] 2.2.4.52.2 SecurityMode: 0x04 signatures enabled, 0x08 required.
  out.signing_enabled = out.word_count == kNtWords && (mode & 0x04) != 0;
  out.signing_required = out.word_count == kNtWords && (mode & 0x08) != 0;
  return out;
}

ByteVector encode_smb1_plain_offer() {
  ByteVector message = encode_smb1_offer({kNtLm012});
  store_le(message.data() + kFlags2At, kFlags2);
  return message;
}

ByteVector encode_smb1_null_logon() {
  ByteWriter words;
  put_no_andx(words);
  words.u16(0xFFFF);  // MaxBufferSize
  words.u16(2);       // MaxMpxCount
  words.u16(1);       // VcNumber: 0 would end the client's other connections
  words.u32(0);       // SessionKey
  words.u16(0);       // OEMPasswordLen
  words.u16(0);       // UnicodePasswordLen
  words.u32(0);
  words.u32(0x00000040);  // Capabilities: NT status
  ByteWriter bytes;
  for (const std::string_view text : {"", "", "dozo", "dozo"}) put_text(bytes, text);  // user, domain, system, program
  return message_of(kComSessionSetup, {}, words.view(), bytes.view());
}

ByteVector encode_smb1_tree_connect(const Smb1Session& session, std::string_view host) {
  ByteWriter words;
  put_no_andx(words);
  words.u16(0);  // Flags
  words.u16(1);  // PasswordLength
  ByteWriter bytes;
  bytes.u8(0);
  put_text(bytes, "\\\\" + std::string(host) + "\\IPC$");
  put_text(bytes, "?????");
  return message_of(kComTreeConnect, session, words.view(), bytes.view());
}

ByteVector encode_smb1_peek(const Smb1Session& session) {
  constexpr std::string_view kName = "\\PIPE\\";
  constexpr std::uint16_t kWords = 16;
  const auto end = static_cast<std::uint16_t>(kHeaderSize + 1 + 2 * kWords + 2 + kName.size() + 1);
  ByteWriter words;
  words.u32(0);       // TotalParameterCount, TotalDataCount
  words.u16(0xFFFF);  // MaxParameterCount
  words.u16(0xFFFF);  // MaxDataCount
  words.u16(0);       // MaxSetupCount
  words.u16(0);       // Flags
  words.u32(0);       // Timeout
  words.u16(0);
  words.u16(0);    // ParameterCount
  words.u16(end);  // ParameterOffset
  words.u16(0);    // DataCount
  words.u16(end);  // DataOffset
  words.u16(2);    // SetupCount
  words.u16(kPeekNamedPipe);
  words.u16(0);  // FID
  ByteWriter bytes;
  put_text(bytes, kName);
  return message_of(kComTransaction, session, words.view(), bytes.view());
}

Result<Smb1Answer> decode_smb1_header(Bytes message) {
  ByteReader in(message);
  const bool is_smb1 = in.u32() == wire::kSmb1ProtocolId;
  in.skip(1);
  Smb1Answer answer{.status = static_cast<NtStatus>(in.u32())};
  const bool is_reply = (in.u8() & kFlagReply) != 0;
  in.skip(14);
  answer.tid = in.u16();
  in.skip(2);
  answer.uid = in.u16();
  in.skip(3);  // MID, WordCount
  if (!in.ok() || !is_smb1 || !is_reply) return bad();
  return answer;
}

}  // namespace dozo::scan
