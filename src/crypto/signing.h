// Message signatures. [MS-SMB2] 3.1.4.1, 3.1.5.1.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>

#include "base/bytes.h"

namespace dozo::crypto {

// SigningAlgorithmId, [MS-SMB2] 2.2.3.1.7.
enum class SigningAlgorithm : std::uint16_t { hmac_sha256 = 0, aes_cmac = 1, aes_gmac = 2 };

constexpr std::optional<SigningAlgorithm> signing_algorithm_from_wire(std::uint16_t value) {
  if (value > 2) return std::nullopt;
  return static_cast<SigningAlgorithm>(value);
}
std::string_view to_string(SigningAlgorithm algorithm);  // "HMAC-SHA256", "AES-128-CMAC", "AES-128-GMAC"
inline std::string_view format_as(SigningAlgorithm a) { return to_string(a); }

using Signature = std::array<std::uint8_t, 16>;

// Signs and verifies messages with one key. A resource (cipher contexts), built once for each signing key and channel;
// nothing is allocated for a message. Not thread-safe: it belongs to its channel's loop.
//
// A message is its parts in order. The first begins with the 64-byte SMB2 header, whole; whatever its Signature field
// holds counts as zero. Padding of a compounded message is part of it, a transform or NetBIOS header is not. The
// AES-GMAC nonce is taken from the header's MessageId, Flags (SERVER_TO_REDIR) and Command (CANCEL).
class Signer {
 public:
  // `key`: 16 bytes for the AES algorithms; HMAC-SHA256 takes Session.SessionKey, 16 bytes too.
  Signer(SigningAlgorithm algorithm, Bytes key);
  ~Signer();
  Signer(Signer&&) noexcept;
  Signer& operator=(Signer&&) noexcept;

  SigningAlgorithm algorithm() const;

  Signature compute(std::span<const Bytes> parts);
  Signature compute(Bytes message) { return compute(std::span<const Bytes>(&message, 1)); }

  // Computes the signature and writes it to the header at the start of `first`. The caller has set
  // SMB2_FLAGS_SIGNED and everything else before.
  void sign(MutableBytes first, std::span<const Bytes> rest = {});

  // Whether the Signature field holds the message's signature. False for a message too short for a header. Constant
  // time in the signature.
  bool verify(std::span<const Bytes> parts);
  bool verify(Bytes message) { return verify(std::span<const Bytes>(&message, 1)); }

  struct Impl;

 private:
  std::unique_ptr<Impl> impl_;
};

}  // namespace dozo::crypto
