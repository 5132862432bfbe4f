#include "server/reply.h"

namespace dozo::server {

void OutMessage::pad_to_8() {
  const std::size_t padded = (size() + 7) / 8 * 8;
  if (padded == size()) return;
  if (buffer_) {
    const Bytes whole = buffer_.view();
    bytes_.assign(whole.begin(), whole.end());
    buffer_ = runtime::Buffer();
  }
  bytes_.resize(padded);
}

}  // namespace dozo::server
