#include "scan/pace.h"

#include <algorithm>

namespace dozo::scan {
namespace {

constexpr Duration kBurst = std::chrono::milliseconds(10);

}  // namespace

Pace::Pace(runtime::Loop& loop, double per_second) : loop_(loop) {
  if (per_second > 0) {
    interval_ = std::chrono::duration_cast<Duration>(std::chrono::duration<double>(1 / per_second));
  }
  next_ = loop.now();
}

runtime::Task<void> Pace::turn() {
  if (interval_ == Duration{}) co_return;
  const Instant now = loop_.now();
  const Instant mine = std::max(next_, now - kBurst);
  next_ = mine + interval_;
  if (mine > now) co_await runtime::sleep_until(loop_, mine);
}

}  // namespace dozo::scan
