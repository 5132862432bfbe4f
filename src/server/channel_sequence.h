// ChannelSequence: which requests on an open were sent before its client's connection broke, and which after.
// [MS-SMB2] 3.3.5.2.10, 3.3.4.1.
#pragma once

#include <cstdint>

#include "base/mutex.h"

namespace dozo::server {

// One per open (Open.ChannelSequence, OutstandingRequestCount, OutstandingPreRequestCount). Thread-safe: READ and WRITE
// come on the loops of several channels.
class ChannelSequence {
 public:
  // Of the CREATE.
  explicit ChannelSequence(std::uint16_t sequence = 0) : current_(sequence) {}
  ChannelSequence(const ChannelSequence&) = delete;
  ChannelSequence& operator=(const ChannelSequence&) = delete;

  enum class Verdict : std::uint8_t {
    counted,  // end() it when it has been answered
    stale,    // it changes nothing and is not counted: WRITE, SET_INFO and IOCTL fail with STATUS_FILE_NOT_AVAILABLE
  };
  // A request with this ChannelSequence; `replay`: with SMB2_FLAGS_REPLAY_OPERATION.
  Verdict begin(std::uint16_t sequence, bool replay);
  // A counted request of this ChannelSequence has been answered.
  void end(std::uint16_t sequence);

  // As of a CREATE with this one: nothing is under way.
  void restart(std::uint16_t sequence);

  std::uint16_t current() const;

 private:
  Verdict begin_replay(std::uint16_t sequence) DOZO_REQUIRES(mutex_);
  // Whether `sequence` is not behind the current one, in 16-bit arithmetic.
  bool is_current_or_newer(std::uint16_t sequence) const DOZO_REQUIRES(mutex_);

  mutable Mutex mutex_;
  std::uint16_t current_ DOZO_GUARDED_BY(mutex_);
  std::uint32_t outstanding_ DOZO_GUARDED_BY(mutex_) = 0;         // of the current sequence
  std::uint32_t outstanding_before_ DOZO_GUARDED_BY(mutex_) = 0;  // of those before it
};

}  // namespace dozo::server
