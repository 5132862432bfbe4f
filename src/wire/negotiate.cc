#include "wire/negotiate.h"

namespace dozo::wire {
namespace {

using NegotiateContextsCodec = VariableCodec<std::vector<NegotiateContext>>;

constexpr std::size_t aligned(std::size_t n) { return (n + 7) / 8 * 8; }

}  // namespace

bool NegotiateContextsCodec::decode_count(Bytes in, std::size_t count, std::vector<NegotiateContext>& out) {
  ByteReader reader(in);
  for (std::size_t i = 0; i < count; ++i) {
    // [MS-SMB2] 2.2.3.1: the padding that aligns the next context is not counted in DataLength.
    if (i != 0) reader.align(8);
    const auto context = decode_plain<NegotiateContext>(reader.rest());
    if (!context || !reader.ok()) return false;
    reader.skip(plain_size(*context));
    out.push_back(*context);
  }
  return reader.ok();
}

void NegotiateContextsCodec::encode(ByteWriter& out, const std::vector<NegotiateContext>& list) {
  const std::size_t start = out.size();
  for (const NegotiateContext& context : list) {
    out.align(8, start);
    encode_plain(context, out);
  }
}

std::size_t NegotiateContextsCodec::size(const std::vector<NegotiateContext>& list) {
  std::size_t n = 0;
  for (const NegotiateContext& context : list) n = aligned(n) + plain_size(context);
  return n;
}

}  // namespace dozo::wire
