#include "wire/create.h"

#include <algorithm>

namespace dozo::wire {
namespace {

using CreateContextsCodec = VariableCodec<std::vector<CreateContext>>;

}  // namespace

bool CreateContextsCodec::decode(Bytes in, std::vector<CreateContext>& out) {
  auto list = decode_chain<CreateContext>(in);
  if (list) out = std::move(*list);
  return list.has_value();
}

void CreateContextsCodec::encode(ByteWriter& out, const std::vector<CreateContext>& list) { encode_chain(list, out); }

std::size_t CreateContextsCodec::size(const std::vector<CreateContext>& list) {
  std::size_t n = 0;
  for (const CreateContext& context : list) n = (n + 7) / 8 * 8 + plain_size(context);
  return n;
}

const CreateContext* find_context(const std::vector<CreateContext>& list, Bytes name) {
  const auto it = std::find_if(list.begin(), list.end(), [name](const CreateContext& context) {
    return std::equal(context.name.begin(), context.name.end(), name.begin(), name.end());
  });
  return it == list.end() ? nullptr : &*it;
}

}  // namespace dozo::wire
