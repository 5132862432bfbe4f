#include "crypto/hash.h"

#include <nettle/arcfour.h>
#include <nettle/hmac.h>
#include <nettle/md4.h>
#include <nettle/md5.h>
#include <nettle/memops.h>
#include <nettle/sha2.h>
#include <string.h>

#include <cstring>

#include "base/assert.h"
#include "base/secret.h"

namespace dozo::crypto {

Digest128 md4(Bytes message) {
  md4_ctx context;
  md4_init(&context);
  md4_update(&context, message.size(), message.data());
  Digest128 out;
  md4_digest(&context, out.size(), out.data());
  return out;
}

Digest128 md5(Bytes message) {
  md5_ctx context;
  md5_init(&context);
  md5_update(&context, message.size(), message.data());
  Digest128 out;
  md5_digest(&context, out.size(), out.data());
  return out;
}

Digest128 hmac_md5(Bytes key, std::span<const Bytes> parts) {
  hmac_md5_ctx context;
  hmac_md5_set_key(&context, key.size(), key.data());
  for (const Bytes part : parts) hmac_md5_update(&context, part.size(), part.data());
  Digest128 out;
  hmac_md5_digest(&context, out.size(), out.data());
  return out;
}

Digest256 sha256(Bytes message) {
  sha256_ctx context;
  sha256_init(&context);
  sha256_update(&context, message.size(), message.data());
  Digest256 out;
  sha256_digest(&context, out.size(), out.data());
  return out;
}

Digest256 hmac_sha256(Bytes key, std::span<const Bytes> parts) {
  hmac_sha256_ctx context;
  hmac_sha256_set_key(&context, key.size(), key.data());
  for (const Bytes part : parts) hmac_sha256_update(&context, part.size(), part.data());
  Digest256 out;
  hmac_sha256_digest(&context, out.size(), out.data());
  return out;
}

Digest512 sha512(std::span<const Bytes> parts) {
  sha512_ctx context;
  sha512_init(&context);
  for (const Bytes part : parts) sha512_update(&context, part.size(), part.data());
  Digest512 out;
  sha512_digest(&context, out.size(), out.data());
  return out;
}

// The header cannot name nettle's context, so the stream keeps its members and lends them for each call.
namespace {
arcfour_ctx borrow(const std::array<std::uint8_t, 256>& state, std::uint8_t i, std::uint8_t j) {
  arcfour_ctx context;
  static_assert(sizeof context.S == 256);
  std::memcpy(context.S, state.data(), state.size());
  context.i = i;
  context.j = j;
  return context;
}
}  // namespace

Rc4::Rc4(Bytes key) {
  DOZO_ASSERT(!key.empty() && key.size() <= state_.size());
  arcfour_ctx context;
  arcfour_set_key(&context, key.size(), key.data());
  std::memcpy(state_.data(), context.S, state_.size());
  explicit_bzero(&context, sizeof context);
}

Rc4::~Rc4() { wipe(state_); }

void Rc4::apply(Bytes in, MutableBytes out) {
  DOZO_ASSERT(in.size() == out.size());
  arcfour_ctx context = borrow(state_, i_, j_);
  arcfour_crypt(&context, in.size(), out.data(), in.data());
  std::memcpy(state_.data(), context.S, state_.size());
  i_ = context.i;
  j_ = context.j;
  explicit_bzero(&context, sizeof context);
}

bool constant_time_equal(Bytes a, Bytes b) {
  return a.size() == b.size() && (a.empty() || memeql_sec(a.data(), b.data(), a.size()) != 0);
}

}  // namespace dozo::crypto
