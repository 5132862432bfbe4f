// What may happen to a whole world: what the arguments of such steps stand for.
#pragma once

#include <array>
#include <chrono>

#include "base/time.h"

namespace dozo::server::testing {

// How long a server that was killed is not there.
inline constexpr std::array<Duration, 4> kDowns = {std::chrono::milliseconds(10), std::chrono::seconds(1),
                                                   std::chrono::seconds(20), std::chrono::seconds(150)};
// How long the machine is suspended; and by how much somebody sets its clock.
inline constexpr std::array<Duration, 4> kJumps = {std::chrono::milliseconds(500), std::chrono::seconds(20),
                                                   std::chrono::seconds(40), std::chrono::hours(2)};
inline constexpr Duration kAfterJump = std::chrono::seconds(1);  // until what was due in it has arrived
inline constexpr std::array<Duration, 4> kClockErrors = {std::chrono::seconds(-3), std::chrono::hours(-30),
                                                         std::chrono::seconds(5), std::chrono::hours(24 * 400)};

}  // namespace dozo::server::testing
