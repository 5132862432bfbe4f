// FileTime: 100 ns ticks since 1601-01-01 UTC. [MS-DTYP] 2.3.3.
#pragma once

#include <compare>
#include <cstdint>

#include "base/time.h"

namespace dozo {

struct FileTime {
  std::uint64_t ticks = 0;
  auto operator<=>(const FileTime&) const = default;

  // Times before 1601 become 0.
  static constexpr FileTime from_wall(WallTime t) {
    const std::int64_t ticks = t.time_since_epoch().count() / 100 + kUnixEpoch;
    return {ticks < 0 ? 0 : static_cast<std::uint64_t>(ticks)};
  }
  // Saturates at what a nanosecond count of 64 bits holds (the years 1677 to 2262).
  constexpr WallTime to_wall() const {
    constexpr std::int64_t kLimit = INT64_MAX / 100;
    std::int64_t unix_ticks = ticks > INT64_MAX ? kLimit : static_cast<std::int64_t>(ticks) - kUnixEpoch;
    if (unix_ticks > kLimit) unix_ticks = kLimit;
    if (unix_ticks < -kLimit) unix_ticks = -kLimit;
    return WallTime(Duration(unix_ticks * 100));
  }

  // As a file system counts: any year.
  struct Unix {
    std::int64_t seconds = 0;
    std::uint32_t ns = 0;
  };
  static constexpr FileTime from_unix(std::int64_t seconds, std::uint32_t ns) {
    constexpr std::int64_t kLimit = INT64_MAX / kTicksPerSecond - kUnixEpoch / kTicksPerSecond - 1;
    if (seconds < -kUnixEpoch / kTicksPerSecond) return {0};
    if (seconds > kLimit) seconds = kLimit;
    return {static_cast<std::uint64_t>(seconds * kTicksPerSecond + kUnixEpoch) + ns / 100};
  }
  constexpr Unix to_unix() const {
    const auto whole = static_cast<std::int64_t>(ticks / kTicksPerSecond);
    const auto rest = static_cast<std::uint32_t>(ticks % kTicksPerSecond);
    return {whole - kUnixEpoch / kTicksPerSecond, rest * 100};
  }

 private:
  static constexpr std::int64_t kTicksPerSecond = 10'000'000;
  static constexpr std::int64_t kUnixEpoch = 116444736000000000;
};

// [MS-FSCC] 2.4.7: in a set, 0 leaves a time as it is, -1 stops and -2 resumes implicit updates through this handle.
inline constexpr std::uint64_t kFileTimeUnchanged = 0;
inline constexpr std::uint64_t kFileTimeFreeze = ~0ull;
inline constexpr std::uint64_t kFileTimeThaw = ~0ull - 1;

}  // namespace dozo
