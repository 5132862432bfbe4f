#include "server/credits.h"

#include <algorithm>

namespace dozo::server {

CreditWindow::CreditWindow(std::uint32_t credits_max)
    : free_(std::size_t{credits_max} * 2), credits_max_(credits_max) {
  free_[0] = true;
}

bool CreditWindow::take(MessageId first, std::uint32_t charge) {
  const std::uint64_t id = first.value();
  if (charge == 0 || charge > available_ || id < low_ || id >= high_ || high_ - id < charge) return false;
  for (std::uint64_t i = id; i < id + charge; ++i) {
    if (!is_free(i)) return false;
  }
  for (std::uint64_t i = id; i < id + charge; ++i) free_[i % free_.size()] = false;
  available_ -= charge;
  while (low_ < high_ && !is_free(low_)) ++low_;
  return true;
}

std::uint16_t CreditWindow::grant(std::uint16_t wanted) {
  // [MS-SMB2] 3.3.1.2: never below one, so that the client can go on; the window may not span more than the ring.
  const std::uint64_t span = high_ - low_;
  const std::uint64_t room = std::min<std::uint64_t>(credits_max_ - std::min(available_, credits_max_),
                                                     free_.size() - span);
  std::uint64_t n = std::min<std::uint64_t>(wanted, room);
  if (n == 0 && available_ == 0 && span < free_.size()) n = 1;
  for (std::uint64_t i = high_; i < high_ + n; ++i) free_[i % free_.size()] = true;
  high_ += n;
  available_ += static_cast<std::uint32_t>(n);
  return static_cast<std::uint16_t>(n);
}

}  // namespace dozo::server
