// Memory for coroutine frames: per-thread free lists by size class, so that a parked request costs no malloc.
#pragma once

#include <cstddef>

namespace dozo::runtime {

void* allocate_frame(std::size_t size);
void free_frame(void* frame, std::size_t size) noexcept;

// Under AddressSanitizer nothing is pooled, so that it sees every use after free.
#if defined(__SANITIZE_ADDRESS__)
inline constexpr bool memory_is_pooled = false;
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
inline constexpr bool memory_is_pooled = false;
#else
inline constexpr bool memory_is_pooled = true;
#endif
#else
inline constexpr bool memory_is_pooled = true;
#endif

}  // namespace dozo::runtime
