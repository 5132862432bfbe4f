// ChannelSequence: which requests on an open were sent before its client's connection broke, and which after.
// [MS-SMB2] 3.3.5.2.10, 3.3.4.1.
#pragma once

#include <cstdint>

namespace dozo::server {

// A value, one per open (Open.ChannelSequence, OutstandingRequestCount, OutstandingPreRequestCount); one loop.
class ChannelSequence {
 public:
  ChannelSequence() = default;
  // Of the CREATE.
  explicit ChannelSequence(std::uint16_t sequence) : current_(sequence) {}

  enum class Verdict : std::uint8_t {
    counted,  // end() it when it has been answered
    stale,    // it changes nothing and is not counted: WRITE, SET_INFO and IOCTL fail with STATUS_FILE_NOT_AVAILABLE
  };
  // A request with this ChannelSequence; `replay`: with SMB2_FLAGS_REPLAY_OPERATION.
  Verdict begin(std::uint16_t sequence, bool replay);
  // A counted request of this ChannelSequence has been answered.
  void end(std::uint16_t sequence);

  std::uint16_t current() const { return current_; }

 private:
  Verdict begin_replay(std::uint16_t sequence);
  // Whether `sequence` is ahead of the current one, in 16-bit arithmetic.
  bool is_newer(std::uint16_t sequence) const;

  std::uint16_t current_ = 0;
  std::uint32_t outstanding_ = 0;         // of the current sequence
  std::uint32_t outstanding_before_ = 0;  // of those before it
};

}  // namespace dozo::server
