// How far a host's clock is from ours, whatever it says its time is.
#pragma once

#include <algorithm>
#include <cstdint>

#include "model/file_time.h"

namespace dozo::scan {

// Seconds that `theirs` is ahead of `ours`, rounded to the nearest. Of any two times: both are cut to 63 bits.
constexpr std::int64_t clock_skew_s(FileTime theirs, FileTime ours) {
  constexpr std::int64_t kSecond = 10'000'000;  // ticks
  constexpr std::uint64_t kLast = INT64_MAX - static_cast<std::uint64_t>(kSecond);
  const auto since =
      static_cast<std::int64_t>(std::min(theirs.ticks, kLast)) - static_cast<std::int64_t>(std::min(ours.ticks, kLast));
  return (since + (since < 0 ? -kSecond : kSecond) / 2) / kSecond;
}

}  // namespace dozo::scan
