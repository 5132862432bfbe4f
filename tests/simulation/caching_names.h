// What the arguments of the caching actors' steps stand for.
#pragma once

#include <array>
#include <chrono>
#include <string_view>

#include "base/time.h"

namespace dozo::server::testing {

// Some more often than others. What is called `kOverwritten` is overwritten too, and nothing else, so what it holds is
// not followed.
inline constexpr std::array<std::string_view, 8> kFileNames = {"a", "a",      "dir\\c", "a",
                                                               "b", "dir\\c", "dir\\d", "over"};
inline constexpr std::string_view kOverwritten = "over";
inline constexpr std::string_view kWatched = "dir";

inline constexpr std::array<Duration, 4> kDozes = {std::chrono::milliseconds(30), std::chrono::milliseconds(400),
                                                   std::chrono::seconds(5), std::chrono::seconds(45)};
// Across the timeouts of breaks, of durable opens, of idle connections.
inline constexpr std::array<Duration, 6> kPauses = {std::chrono::milliseconds(100), std::chrono::seconds(2),
                                                    std::chrono::seconds(33),       std::chrono::seconds(50),
                                                    std::chrono::minutes(3),        std::chrono::minutes(20)};

inline constexpr std::array<Duration, 2> kResiliencies = {std::chrono::seconds(10), std::chrono::seconds(100)};

// [MS-SMB2] 3.3.4.6: 35 seconds are what a server waits for an acknowledgement.
inline constexpr Duration kPatienceOfServers = std::chrono::seconds(30);

// Locks are taken of the bytes in front.
inline constexpr std::uint64_t kCellsBegin = 64;
inline constexpr std::uint32_t kCellSize = 8;

// For timeouts that are measured at two ends.
inline constexpr Duration kMargin = std::chrono::seconds(3);

// What is kept may be out of date for as long as the news of it travel: a break that need not be acknowledged is sent
// before the write it announces, and no write waits for its arrival.
inline constexpr Duration kNewsTravel = std::chrono::milliseconds(20);

}  // namespace dozo::server::testing
