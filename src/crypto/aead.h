// Encryption of messages. [MS-SMB2] 3.1.4.3, 2.2.41.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>

#include "base/bytes.h"

namespace dozo::crypto {

// CipherId, [MS-SMB2] 2.2.3.1.2.
enum class Cipher : std::uint16_t { aes_128_ccm = 1, aes_128_gcm = 2, aes_256_ccm = 3, aes_256_gcm = 4 };

constexpr std::optional<Cipher> cipher_from_wire(std::uint16_t value) {
  if (value < 1 || value > 4) return std::nullopt;
  return static_cast<Cipher>(value);
}
constexpr bool is_gcm(Cipher c) { return c == Cipher::aes_128_gcm || c == Cipher::aes_256_gcm; }
constexpr bool is_256_bit(Cipher c) { return c == Cipher::aes_256_ccm || c == Cipher::aes_256_gcm; }
constexpr std::size_t key_size(Cipher c) { return is_256_bit(c) ? 32 : 16; }
// How much of the 16-byte Nonce field the cipher uses; the rest is zero. [MS-SMB2] 2.2.41.
constexpr std::size_t nonce_size(Cipher c) { return is_gcm(c) ? 12 : 11; }
std::string_view to_string(Cipher cipher);  // "AES-128-CCM", ...
inline std::string_view format_as(Cipher c) { return to_string(c); }

using AeadTag = std::array<std::uint8_t, 16>;
using AeadNonce = std::array<std::uint8_t, 16>;  // the whole Nonce field of the transform header

// Seals or opens messages with one key. A resource (a cipher context), built once for each session key, direction and
// channel; nothing is allocated for a message (AES-CCM in several parts keeps one scratch buffer). Not thread-safe: it
// belongs to its channel's loop.
class Aead {
 public:
  Aead(Cipher cipher, Bytes key);  // key_size(cipher) bytes
  ~Aead();
  Aead(Aead&&) noexcept;
  Aead& operator=(Aead&&) noexcept;

  Cipher cipher() const;

  // Encrypts the message, given as its parts in order, in place. `aad`: the transform header from its Nonce field to
  // its end. Returns what goes into its Signature field. The nonce must not have been used with this key before.
  AeadTag seal(const AeadNonce& nonce, Bytes aad, std::span<const MutableBytes> parts);
  AeadTag seal(const AeadNonce& nonce, Bytes aad, MutableBytes message) {
    return seal(nonce, aad, std::span<const MutableBytes>(&message, 1));
  }

  // Decrypts the message in place. False when it was not sealed with this key, nonce and aad; the message is then
  // zeroed.
  [[nodiscard]] bool open(const AeadNonce& nonce, Bytes aad, MutableBytes message, const AeadTag& tag);

  struct Impl;

 private:
  std::unique_ptr<Impl> impl_;
};

// The nonces of one session key in one direction: a counter, so that none repeats, shared by all channels of the
// session. Thread-safe. There is no way back: when it is exhausted the session must end (a new session has a new key).
class NonceCounter {
 public:
  // 2^44 messages: at a million a second half a year, and far below what wraps or wears AES out.
  static constexpr std::uint64_t kDefaultLimit = std::uint64_t{1} << 44;

  explicit NonceCounter(std::uint64_t limit = kDefaultLimit) : limit_(limit) {}

  // nullopt once `limit` nonces were given out, and ever after.
  std::optional<AeadNonce> next();
  bool exhausted() const { return used_.load(std::memory_order_relaxed) >= limit_; }

 private:
  const std::uint64_t limit_;
  std::atomic<std::uint64_t> used_{0};
};

}  // namespace dozo::crypto
