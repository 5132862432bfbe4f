#include "wire/tree_connect.h"

namespace dozo::wire {

Result<std::vector<NegotiateContext>> decode_tree_connect_contexts(Bytes message) {
  constexpr std::size_t kFixedSize = 8;       // of the request
  constexpr std::size_t kExtensionSize = 16;  // offset, count, reserved
  ByteReader in(message, kHeaderSize + kFixedSize);
  const std::uint64_t offset = in.u32();
  const std::size_t count = in.u16();
  in.skip(10);

  // [MS-SMB2] 2.2.9.1: the offset counts from the start of the TREE_CONNECT request, not of its header.
  std::vector<NegotiateContext> out;
  if (!in.ok() || count == 0) return fail(NtStatus::INVALID_PARAMETER);
  if (offset < kFixedSize + kExtensionSize || offset > message.size() - kHeaderSize) {
    return fail(NtStatus::INVALID_PARAMETER);
  }
  const Bytes list = message.subspan(kHeaderSize + static_cast<std::size_t>(offset));
  if (!VariableCodec<std::vector<NegotiateContext>>::decode_count(list, count, out)) {
    return fail(NtStatus::INVALID_PARAMETER);
  }
  return out;
}

}  // namespace dozo::wire
