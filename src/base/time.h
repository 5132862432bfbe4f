// Time as a value: a monotonic Instant for deadlines, a WallTime for what people and files see.
#pragma once

#include <chrono>

namespace dozo {

using Duration = std::chrono::nanoseconds;

// Monotonic; its origin is arbitrary. Only differences mean anything.
struct MonotonicClockTag {
  using rep = Duration::rep;
  using period = Duration::period;
  using duration = Duration;
  using time_point = std::chrono::time_point<MonotonicClockTag>;
  static constexpr bool is_steady = true;
};
using Instant = MonotonicClockTag::time_point;
using WallTime = std::chrono::sys_time<Duration>;

// The clock of whoever runs us: the machine's, or the simulation's.
class Clock {
 public:
  virtual ~Clock() = default;
  virtual Instant now() const = 0;
  virtual WallTime wall_now() const = 0;
};

// The machine's clocks (CLOCK_MONOTONIC, CLOCK_REALTIME).
class SystemClock final : public Clock {
 public:
  Instant now() const override;
  WallTime wall_now() const override;
};

}  // namespace dozo
