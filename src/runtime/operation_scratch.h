// The back end's view of Operation::scratch, and of the iovecs of a send.
#pragma once

#include <sys/uio.h>

#include <new>
#include <span>

#include "runtime/loop.h"

namespace dozo::runtime {

template <class T>
T& make_scratch(Operation& op, const T& value) {
  static_assert(sizeof(T) <= sizeof op.scratch && std::is_trivially_destructible_v<T>);
  return *new (static_cast<void*>(op.scratch)) T(value);
}

template <class T>
T& scratch_as(Operation& op) {
  return *std::launder(static_cast<T*>(static_cast<void*>(op.scratch)));
}

// Drops the first `sent` bytes of what remains to be sent.
inline std::span<iovec> advance_parts(std::span<iovec> parts, std::size_t sent) {
  while (!parts.empty() && sent >= parts.front().iov_len) {
    sent -= parts.front().iov_len;
    parts = parts.subspan(1);
  }
  if (!parts.empty()) {
    parts.front().iov_base = static_cast<std::uint8_t*>(parts.front().iov_base) + sent;
    parts.front().iov_len -= sent;
  }
  return parts;
}

inline constexpr std::size_t parts_max = 1024;  // IOV_MAX

}  // namespace dozo::runtime
