// The SMB2 packet header, both forms. [MS-SMB2] 2.2.1.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

#include "model/flags.h"
#include "wire/fields.h"

namespace dozo::wire {

inline constexpr std::uint32_t kSmb2ProtocolId = 0x424D53FE;         // FE 'S' 'M' 'B'
inline constexpr std::uint32_t kTransformProtocolId = 0x424D53FD;    // FD 'S' 'M' 'B'
inline constexpr std::uint32_t kCompressionProtocolId = 0x424D53FC;  // FC 'S' 'M' 'B'
inline constexpr std::uint32_t kSmb1ProtocolId = 0x424D53FF;         // FF 'S' 'M' 'B'

// What the first four bytes of a frame say it is.
enum class FrameKind { smb1, smb2, encrypted, compressed, unknown };
FrameKind frame_kind(Bytes frame);

enum class Command : std::uint16_t {
  negotiate = 0x0000,
  session_setup = 0x0001,
  logoff = 0x0002,
  tree_connect = 0x0003,
  tree_disconnect = 0x0004,
  create = 0x0005,
  close = 0x0006,
  flush = 0x0007,
  read = 0x0008,
  write = 0x0009,
  lock = 0x000A,
  ioctl = 0x000B,
  cancel = 0x000C,
  echo = 0x000D,
  query_directory = 0x000E,
  change_notify = 0x000F,
  query_info = 0x0010,
  set_info = 0x0011,
  oplock_break = 0x0012,
};
inline constexpr std::uint16_t kCommandCount = 0x0013;

constexpr std::optional<Command> command_from_wire(std::uint16_t value) {
  if (value >= kCommandCount) return std::nullopt;
  return static_cast<Command>(value);
}

// "READ", "QUERY_INFO", …: as [MS-SMB2] spells them; "UNKNOWN" for others.
std::string_view to_string(Command command);
inline std::string_view format_as(Command command) { return to_string(command); }

// [MS-SMB2] 2.2.1.2 Flags. Bits 4 to 6 are a priority, see Header::priority.
enum class HeaderFlag : std::uint32_t {
  server_to_redir = 0x00000001,
  async_command = 0x00000002,
  related_operations = 0x00000004,
  is_signed = 0x00000008,
  priority_mask = 0x00000070,
  dfs_operations = 0x10000000,
  replay_operation = 0x20000000,
};
using HeaderFlags = Flags<HeaderFlag>;
DOZO_FLAGS(HeaderFlag)

inline constexpr std::size_t kSignatureOffset = 48;  // of the 16 signature bytes in the header
inline constexpr std::size_t kNextCommandOffset = 20;
inline constexpr MessageId kUnsolicitedMessageId{~0ull};  // [MS-SMB2] 2.2.23: breaks the server sends

// One struct for the SYNC and ASYNC forms: flags.has(async_command) says whether async_id or (process_id,
// tree_id) is on the wire; the others are then left as they are.
struct Header {
  static constexpr std::string_view kName = "Header";
  std::uint16_t credit_charge = 0;
  NtStatus status = NtStatus::SUCCESS;  // a request of 3.x has a channel sequence here
  Command command = Command::negotiate;
  std::uint16_t credits = 0;  // requested or granted
  HeaderFlags flags;
  std::uint32_t next_command = 0;
  MessageId message_id;
  std::uint32_t process_id = 0;  // Reserved of the SYNC form; peers of old send 0xFEFF
  TreeId tree_id;
  AsyncId async_id;
  SessionId session_id;
  std::array<std::uint8_t, 16> signature{};

  bool is_async() const { return flags.has(HeaderFlag::async_command); }
  bool is_response() const { return flags.has(HeaderFlag::server_to_redir); }
  bool is_related() const { return flags.has(HeaderFlag::related_operations); }
  // [MS-SMB2] 2.2.1.2: ChannelSequence is the low half of what is the status in a response.
  std::uint16_t channel_sequence() const {
    return static_cast<std::uint16_t>(static_cast<std::uint32_t>(status) & 0xFFFF);
  }
  void set_channel_sequence(std::uint16_t sequence) { status = static_cast<NtStatus>(sequence); }

  template <class V, class S>
  static constexpr void fields(V& v, S& self) {
    v.must_be(kSmb2ProtocolId);
    v.structure_size(64);
    v("credit_charge", self.credit_charge);
    v("status", self.status);
    v("command", self.command);
    v("credits", self.credits);
    v("flags", self.flags);
    v("next_command", self.next_command);
    v("message_id", self.message_id);
    if (self.flags.has(HeaderFlag::async_command)) {
      v("async_id", self.async_id);
    } else {
      v("process_id", self.process_id);
      v("tree_id", self.tree_id);
    }
    v("session_id", self.session_id);
    v("signature", self.signature);
  }
};

// The header at the start of `message`, which may be longer. STATUS_INVALID_PARAMETER when the protocol id or
// StructureSize is not SMB2's or bytes are missing.
inline Result<Header> decode_header(Bytes message) { return decode_plain<Header>(message); }
inline void encode_header(const Header& header, ByteWriter& out) { encode_plain(header, out); }

// Overwrites the 64 bytes of a header that has been encoded into a larger buffer. Precondition: to.size() >= 64.
void store_header(const Header& header, MutableBytes to);

// The first element of the compound `frame`: its bytes without what follows, and the rest (empty for the last).
// [MS-SMB2] 3.3.5.2.7: NextCommand not 8-aligned or out of range is STATUS_INVALID_PARAMETER.
struct CompoundElement {
  Bytes message;
  Bytes rest;
};
Result<CompoundElement> split_compound(Bytes frame);

}  // namespace dozo::wire
