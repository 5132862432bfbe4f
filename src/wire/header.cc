#include "wire/header.h"

#include <array>
#include <cstring>

namespace dozo::wire {
namespace {

constexpr std::array<std::string_view, kCommandCount> kCommandNames = {
    "NEGOTIATE",       "SESSION_SETUP", "LOGOFF",     "TREE_CONNECT", "TREE_DISCONNECT", "CREATE", "CLOSE",
    "FLUSH",           "READ",          "WRITE",      "LOCK",         "IOCTL",           "CANCEL", "ECHO",
    "QUERY_DIRECTORY", "CHANGE_NOTIFY", "QUERY_INFO", "SET_INFO",     "OPLOCK_BREAK"};

}  // namespace

std::string_view to_string(Command command) {
  const auto index = static_cast<std::size_t>(command);
  return index < kCommandNames.size() ? kCommandNames[index] : "UNKNOWN";
}

FrameKind frame_kind(Bytes frame) {
  if (frame.size() < 4) return FrameKind::unknown;
  switch (load_le<std::uint32_t>(frame.data())) {
    case kSmb1ProtocolId:
      return FrameKind::smb1;
    case kSmb2ProtocolId:
      return FrameKind::smb2;
    case kTransformProtocolId:
      return FrameKind::encrypted;
    case kCompressionProtocolId:
      return FrameKind::compressed;
    default:
      return FrameKind::unknown;
  }
}

void store_header(const Header& header, MutableBytes to) {
  DOZO_ASSERT(to.size() >= kHeaderSize);
  ByteWriter out;
  out.reserve(kHeaderSize);
  encode_header(header, out);
  std::memcpy(to.data(), out.view().data(), kHeaderSize);
}

Result<CompoundElement> split_compound(Bytes frame) {
  if (frame.size() < kHeaderSize) return fail(NtStatus::INVALID_PARAMETER);
  const std::size_t next = load_le<std::uint32_t>(frame.data() + kNextCommandOffset);
  if (next == 0) return CompoundElement{frame, {}};
  // [MS-SMB2] 3.3.5.2.7.1: each element is 8-aligned, and holds a header at least.
  if (next % 8 != 0 || next < kHeaderSize || next >= frame.size()) return fail(NtStatus::INVALID_PARAMETER);
  return CompoundElement{frame.first(next), frame.subspan(next)};
}

}  // namespace dozo::wire
