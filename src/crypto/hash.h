// Digests, HMACs and RC4 over byte views. Stateless, no allocation, cannot fail.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "base/bytes.h"

namespace dozo::crypto {

using Digest128 = std::array<std::uint8_t, 16>;
using Digest256 = std::array<std::uint8_t, 32>;
using Digest512 = std::array<std::uint8_t, 64>;

// The message is given in parts, so that nobody concatenates; a single view is a message of one part.
Digest128 md4(Bytes message);  // RFC 1320; only for the NT hash, [MS-NLMP] 3.3.1
Digest128 md5(Bytes message);
Digest128 hmac_md5(Bytes key, std::span<const Bytes> parts);
Digest256 sha256(Bytes message);
Digest256 hmac_sha256(Bytes key, std::span<const Bytes> parts);
Digest512 sha512(std::span<const Bytes> parts);

inline Digest128 hmac_md5(Bytes key, Bytes message) { return hmac_md5(key, std::span<const Bytes>(&message, 1)); }
inline Digest256 hmac_sha256(Bytes key, Bytes message) { return hmac_sha256(key, std::span<const Bytes>(&message, 1)); }
inline Digest512 sha512(Bytes message) { return sha512(std::span<const Bytes>(&message, 1)); }

// A running RC4 key stream. A value; wiped when it ends. Only for what [MS-NLMP] encrypts with RC4.
class Rc4 {
 public:
  explicit Rc4(Bytes key);  // 1 to 256 bytes
  ~Rc4();
  Rc4(const Rc4&) = default;
  Rc4& operator=(const Rc4&) = default;

  // Encrypts or decrypts the next in.size() bytes of the stream; `out` is as long as `in` and may be the same memory.
  void apply(Bytes in, MutableBytes out);

 private:
  std::array<std::uint8_t, 256> state_;
  std::uint8_t i_ = 0;
  std::uint8_t j_ = 0;
};

// Whether two views hold the same bytes, in a time that depends on their length alone.
bool constant_time_equal(Bytes a, Bytes b);

}  // namespace dozo::crypto
