#include "crypto/preauth.h"

#include <nettle/sha2.h>

namespace dozo::crypto {

void PreauthHash::update(std::span<const Bytes> parts) {
  sha512_ctx context;
  sha512_init(&context);
  sha512_update(&context, value_.size(), value_.data());
  for (const Bytes part : parts) sha512_update(&context, part.size(), part.data());
  sha512_digest(&context, value_.size(), value_.data());
}

}  // namespace dozo::crypto
