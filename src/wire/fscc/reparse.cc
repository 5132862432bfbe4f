#include "wire/fscc/reparse.h"

namespace dozo::wire {
namespace {

constexpr std::uint32_t kFlagRelative = 0x00000001;

bool take_name(Bytes path_buffer, std::size_t offset, std::size_t length, std::u16string& out) {
  if (!in_range(offset, length, path_buffer.size())) return false;
  return VariableCodec<std::u16string>::decode(path_buffer.subspan(offset, length), out);
}

}  // namespace

Result<SymlinkData> decode_symlink_data(Bytes data) {
  ByteReader in(data);
  const std::size_t substitute_offset = in.u16();
  const std::size_t substitute_length = in.u16();
  const std::size_t print_offset = in.u16();
  const std::size_t print_length = in.u16();
  const std::uint32_t flags = in.u32();
  const Bytes path_buffer = in.rest();

  SymlinkData out;
  out.relative = (flags & kFlagRelative) != 0;
  if (!in.ok() || !take_name(path_buffer, substitute_offset, substitute_length, out.substitute_name) ||
      !take_name(path_buffer, print_offset, print_length, out.print_name)) {
    return fail(NtStatus::INVALID_PARAMETER);
  }
  return out;
}

void encode_symlink_data(const SymlinkData& link, ByteWriter& out) {
  const std::size_t substitute = 2 * link.substitute_name.size();
  const std::size_t print = 2 * link.print_name.size();
  DOZO_ASSERT(substitute + print <= 0xFFFF - 20);
  out.u16(0);
  out.u16(static_cast<std::uint16_t>(substitute));
  out.u16(static_cast<std::uint16_t>(substitute));
  out.u16(static_cast<std::uint16_t>(print));
  out.u32(link.relative ? kFlagRelative : 0);
  VariableCodec<std::u16string>::encode(out, link.substitute_name);
  VariableCodec<std::u16string>::encode(out, link.print_name);
}

ByteVector encode_symlink_reparse(const SymlinkData& link) {
  ByteWriter data;
  encode_symlink_data(link, data);
  return encode_plain(ReparseDataBuffer{kReparseTagSymlink, data.view()});
}

}  // namespace dozo::wire
