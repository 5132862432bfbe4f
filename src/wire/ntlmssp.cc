#include "wire/ntlmssp.h"

#include <algorithm>
#include <limits>
#include <string_view>

#include "base/assert.h"
#include "base/unicode.h"
#include "model/nt_status.h"

namespace dozo::wire {
namespace {

constexpr std::string_view kSignature{"NTLMSSP\0", 8};
constexpr std::size_t kVersionSize = 8;
constexpr std::size_t kNegotiateFixed = 32;
constexpr std::size_t kChallengeFixed = 48;
constexpr std::size_t kAuthenticateFixed = 64;

std::unexpected<NtStatus> malformed() { return fail(NtStatus::INVALID_PARAMETER); }

// Reads the fixed part of a message and resolves its payload fields.
class MessageReader {
 public:
  MessageReader(Bytes message, std::uint32_t type) : in_(message) {
    const Bytes signature = in_.bytes(kSignature.size());
    if (as_text(signature) != kSignature || in_.u32() != type) in_.set_bad();
  }

  ByteReader& in() { return in_; }
  // [MS-NLMP] 2.2.1: Len, MaxLen (ignored), BufferOffset. Without length the offset is ignored.
  Bytes field() {
    const std::size_t length = in_.u16();
    in_.skip(2);
    const std::uint32_t offset = in_.u32();
    if (length == 0 || !in_.ok()) return {};
    payload_start_ = std::min<std::size_t>(payload_start_, offset);
    return in_.slice(offset, length);
  }
  // Whether the fixed part may reach up to `end`: no payload before it and the message as long.
  bool has_fixed_part(std::size_t end) const { return in_.all().size() >= end && payload_start_ >= end; }
  bool ok(std::size_t fixed_size) const { return in_.ok() && has_fixed_part(fixed_size); }

  std::optional<NtlmVersion> version(NtlmFlags flags, std::size_t at) {
    if (!flags.has(NtlmFlag::version) || !has_fixed_part(at + kVersionSize)) return std::nullopt;
    ByteReader v(in_.all(), at);
    NtlmVersion out;
    out.major = v.u8();
    out.minor = v.u8();
    out.build = v.u16();
    v.skip(3);
    out.revision = v.u8();
    return out;
  }

 private:
  ByteReader in_;
  std::size_t payload_start_ = std::numeric_limits<std::size_t>::max();
};

// Writes the fixed part, and the payload in the order the fields were given.
class MessageWriter {
 public:
  explicit MessageWriter(std::uint32_t type) {
    out_.bytes(as_bytes(kSignature));
    out_.u32(type);
  }
  ByteWriter& out() { return out_; }
  void field(Bytes value) {
    DOZO_ASSERT(value.size() <= 0xFFFF);
    const auto length = static_cast<std::uint16_t>(value.size());
    out_.u16(length);
    out_.u16(length);
    parts_.push_back({out_.size(), value});
    out_.u32(0);
  }
  void version(const std::optional<NtlmVersion>& version) {
    if (!version) return out_.zeros(kVersionSize);
    out_.u8(version->major);
    out_.u8(version->minor);
    out_.u16(version->build);
    out_.zeros(3);
    out_.u8(version->revision);
  }
  ByteVector finish() && {
    for (const Part& part : parts_) {
      out_.patch(part.offset_at, static_cast<std::uint32_t>(out_.size()));
      out_.bytes(part.value);
    }
    return std::move(out_).take();
  }

 private:
  struct Part {
    std::size_t offset_at;
    Bytes value;
  };
  ByteWriter out_;
  std::vector<Part> parts_;
};

// [MS-NLMP] 2.2: names are UTF-16LE when UNICODE was negotiated, OEM text otherwise.
bool decode_name(Bytes bytes, NtlmFlags flags, std::u16string& out) {
  if (!flags.has(NtlmFlag::unicode)) {
    out.assign(bytes.begin(), bytes.end());
    return true;
  }
  if (bytes.size() % 2 != 0) return false;
  out = utf16_from_le(bytes);
  return true;
}

ByteVector encode_name(const std::u16string& name, NtlmFlags flags) {
  if (flags.has(NtlmFlag::unicode)) return utf16_to_le(name);
  ByteVector out;
  for (const char16_t c : name) out.push_back(c < 0x100 ? static_cast<std::uint8_t>(c) : std::uint8_t{'?'});
  return out;
}

}  // namespace

Result<std::vector<AvPair>> decode_av_pairs(Bytes bytes) {
  std::vector<AvPair> out;
  ByteReader in(bytes);
  while (in.ok() && out.size() <= kAvPairsMax) {
    const auto id = static_cast<AvId>(in.u16());
    const std::size_t length = in.u16();
    const Bytes value = in.bytes(length);
    if (!in.ok()) break;
    // [MS-NLMP] 2.2.2.1: MsvAvEOL ends the list and has no value.
    if (id == AvId::eol) return length == 0 ? Result<std::vector<AvPair>>(std::move(out)) : malformed();
    out.push_back({id, value});
  }
  return malformed();
}

void encode_av_pairs(const std::vector<AvPair>& pairs, ByteWriter& out) {
  for (const AvPair& pair : pairs) {
    DOZO_ASSERT(pair.value.size() <= 0xFFFF);
    out.u16(static_cast<std::uint16_t>(pair.id));
    out.u16(static_cast<std::uint16_t>(pair.value.size()));
    out.bytes(pair.value);
  }
  out.u32(0);
}

std::optional<Bytes> find_av(const std::vector<AvPair>& pairs, AvId id) {
  for (const AvPair& pair : pairs) {
    if (pair.id == id) return pair.value;
  }
  return std::nullopt;
}

std::uint32_t av_flags(const std::vector<AvPair>& pairs) {
  const auto value = find_av(pairs, AvId::flags);
  return value && value->size() == 4 ? load_le<std::uint32_t>(value->data()) : 0;
}

std::optional<FileTime> av_timestamp(const std::vector<AvPair>& pairs) {
  const auto value = find_av(pairs, AvId::timestamp);
  if (!value || value->size() != 8) return std::nullopt;
  FileTime out;
  out.ticks = load_le<std::uint64_t>(value->data());
  return out;
}

Result<std::uint32_t> ntlm_message_type(Bytes message) {
  ByteReader in(message);
  const Bytes signature = in.bytes(kSignature.size());
  const std::uint32_t type = in.u32();
  if (!in.ok() || as_text(signature) != kSignature) return malformed();
  return type;
}

Result<NtlmNegotiate> decode_ntlm_negotiate(Bytes message) {
  MessageReader reader(message, 1);
  NtlmNegotiate out;
  out.flags = NtlmFlags::from_wire(reader.in().u32());
  // [MS-NLMP] 2.2.1.1 <product behaviour>: the fields may be missing when nothing is supplied.
  if (reader.in().ok() && message.size() < kNegotiateFixed) return out;
  const Bytes domain_name = reader.field();
  const Bytes workstation = reader.field();
  if (!reader.ok(kNegotiateFixed)) return malformed();

  if (out.flags.has(NtlmFlag::oem_domain_supplied)) out.domain_name = domain_name;
  if (out.flags.has(NtlmFlag::oem_workstation_supplied)) out.workstation = workstation;
  out.version = reader.version(out.flags, kNegotiateFixed);
  return out;
}

Result<NtlmChallenge> decode_ntlm_challenge(Bytes message) {
  MessageReader reader(message, 2);
  NtlmChallenge out;
  const Bytes target_name = reader.field();
  out.flags = NtlmFlags::from_wire(reader.in().u32());
  out.server_challenge = reader.in().array<8>();
  reader.in().skip(8);
  out.target_info = reader.field();
  if (!reader.ok(kChallengeFixed)) return malformed();

  if (!decode_name(target_name, out.flags, out.target_name)) return malformed();
  out.version = reader.version(out.flags, kChallengeFixed);
  return out;
}

Result<NtlmAuthenticate> decode_ntlm_authenticate(Bytes message) {
  MessageReader reader(message, 3);
  NtlmAuthenticate out;
  out.lm_challenge_response = reader.field();
  out.nt_challenge_response = reader.field();
  const Bytes domain_name = reader.field();
  const Bytes user_name = reader.field();
  const Bytes workstation = reader.field();
  out.encrypted_random_session_key = reader.field();
  out.flags = NtlmFlags::from_wire(reader.in().u32());
  if (!reader.ok(kAuthenticateFixed)) return malformed();

  if (!decode_name(domain_name, out.flags, out.domain_name) || !decode_name(user_name, out.flags, out.user_name) ||
      !decode_name(workstation, out.flags, out.workstation)) {
    return malformed();
  }
  out.version = reader.version(out.flags, kAuthenticateFixed);
  if (reader.has_fixed_part(kNtlmMicOffset + kNtlmMicSize)) {
    out.mic = ByteReader(message, kNtlmMicOffset).array<kNtlmMicSize>();
  }
  return out;
}

Result<Ntlmv2Response> decode_ntlmv2_response(Bytes nt_challenge_response) {
  ByteReader in(nt_challenge_response);
  Ntlmv2Response out;
  out.proof = in.array<16>();
  out.client_challenge_blob = in.rest();
  // [MS-NLMP] 2.2.2.7: RespType and HiRespType are 1.
  if (in.u8() != 1 || in.u8() != 1) return malformed();
  in.skip(6);
  out.timestamp.ticks = in.u64();
  out.challenge_from_client = in.array<8>();
  in.skip(4);
  if (!in.ok()) return malformed();
  DOZO_TRY(out.av_pairs, decode_av_pairs(in.rest()));
  return out;
}

ByteVector encode_ntlm_negotiate(const NtlmNegotiate& message) {
  MessageWriter writer(1);
  writer.out().u32(message.flags.bits());
  writer.field(message.domain_name);
  writer.field(message.workstation);
  writer.version(message.version);
  return std::move(writer).finish();
}

ByteVector encode_ntlm_challenge(const NtlmChallenge& message) {
  const ByteVector target_name = encode_name(message.target_name, message.flags);
  MessageWriter writer(2);
  writer.field(target_name);
  writer.out().u32(message.flags.bits());
  writer.out().bytes(message.server_challenge);
  writer.out().zeros(8);
  writer.field(message.target_info);
  writer.version(message.version);
  return std::move(writer).finish();
}

ByteVector encode_ntlm_authenticate(const NtlmAuthenticate& message) {
  const ByteVector domain_name = encode_name(message.domain_name, message.flags);
  const ByteVector user_name = encode_name(message.user_name, message.flags);
  const ByteVector workstation = encode_name(message.workstation, message.flags);
  MessageWriter writer(3);
  writer.field(message.lm_challenge_response);
  writer.field(message.nt_challenge_response);
  writer.field(domain_name);
  writer.field(user_name);
  writer.field(workstation);
  writer.field(message.encrypted_random_session_key);
  writer.out().u32(message.flags.bits());
  writer.version(message.version);
  if (message.mic) writer.out().bytes(*message.mic);
  return std::move(writer).finish();
}

ByteVector encode_ntlmv2_client_challenge(const Ntlmv2Response& response) {
  ByteWriter out;
  out.u8(1);
  out.u8(1);
  out.zeros(6);
  out.u64(response.timestamp.ticks);
  out.bytes(response.challenge_from_client);
  out.zeros(4);
  encode_av_pairs(response.av_pairs, out);
  // [MS-NLMP] 3.3.2: temp ends in four more zero bytes.
  out.zeros(4);
  return std::move(out).take();
}

}  // namespace dozo::wire
