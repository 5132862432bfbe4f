// CreditWindow: which message ids a client may use. [MS-SMB2] 3.3.1.1, 3.3.5.2.3.
#pragma once

#include <cstdint>
#include <vector>

#include "model/ids.h"

namespace dozo::server {

// A value; one per connection. Ids below `low` are used up; of [low, high) the bitmap says which are free still.
class CreditWindow {
 public:
  // At the start of a connection message id 0 is granted, and nothing else.
  explicit CreditWindow(std::uint32_t credits_max);

  // Takes `charge` consecutive ids. False: one of them was never granted or is used, the client breaks the protocol.
  bool take(MessageId first, std::uint32_t charge);

  // How many of the `wanted` credits the answer grants: at least one whenever the client would be left with none,
  // never more than keeps it within the maximum. Grants them.
  std::uint16_t grant(std::uint16_t wanted);

  std::uint32_t available() const { return available_; }

 private:
  bool is_free(std::uint64_t id) const { return free_[id % free_.size()]; }

  std::vector<bool> free_;      // a ring: index is the id modulo its size
  std::uint64_t low_ = 0;       // the lowest id that may still be free
  std::uint64_t high_ = 1;      // the first id not granted
  std::uint32_t available_ = 1; // free ids in [low, high)
  std::uint32_t credits_max_;
};

}  // namespace dozo::server
