// The preauthentication integrity hash. [MS-SMB2] 3.1.1: Connection.PreauthIntegrityHashValue and its copies.
#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "base/bytes.h"
#include "crypto/hash.h"

namespace dozo::crypto {

// HashAlgorithms, [MS-SMB2] 2.2.3.1.1: there is only one.
enum class PreauthHashAlgorithm : std::uint16_t { sha512 = 1 };

// A value: a session (or a channel being bound) starts with a copy of its connection's and goes its own way. Starts as
// zeros.
class PreauthHash {
 public:
  // Value := SHA-512(Value || message): the message from its SMB2 header to its last byte on the network.
  void update(std::span<const Bytes> parts);
  void update(Bytes message) { update(std::span<const Bytes>(&message, 1)); }

  Bytes bytes() const { return value_; }

 private:
  Digest512 value_{};
};

}  // namespace dozo::crypto
