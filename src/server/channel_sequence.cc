#include "server/channel_sequence.h"

namespace dozo::server {

bool ChannelSequence::is_current_or_newer(std::uint16_t sequence) const {
  return static_cast<std::uint16_t>(sequence - current_) <= 0x7FFF;
}

// [MS-SMB2] 3.3.5.2.10.
ChannelSequence::Verdict ChannelSequence::begin(std::uint16_t sequence, bool replay) {
  const MutexLock lock(mutex_);
  if (replay) return begin_replay(sequence);
  if (sequence == current_) {
    ++outstanding_;
    return Verdict::counted;
  }
  if (!is_current_or_newer(sequence)) return Verdict::stale;
  outstanding_before_ += outstanding_;
  outstanding_ = 1;
  current_ = sequence;
  return Verdict::counted;
}

// What is sent again may only be done again once nothing that was sent before is under way any more.
ChannelSequence::Verdict ChannelSequence::begin_replay(std::uint16_t sequence) {
  if (!is_current_or_newer(sequence)) return Verdict::stale;
  if (sequence != current_) {
    outstanding_before_ += outstanding_;
    outstanding_ = 0;
    current_ = sequence;
  }
  if (outstanding_before_ != 0) return Verdict::stale;
  ++outstanding_;
  return Verdict::counted;
}

// [MS-SMB2] 3.3.4.1.
void ChannelSequence::end(std::uint16_t sequence) {
  const MutexLock lock(mutex_);
  std::uint32_t& count = sequence == current_ ? outstanding_ : outstanding_before_;
  if (count > 0) --count;
}

void ChannelSequence::restart(std::uint16_t sequence) {
  const MutexLock lock(mutex_);
  current_ = sequence;
  outstanding_ = outstanding_before_ = 0;
}

std::uint16_t ChannelSequence::current() const {
  const MutexLock lock(mutex_);
  return current_;
}

}  // namespace dozo::server
