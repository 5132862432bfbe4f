// TraceRing: the last requests, for `kill -USR1` and for asking afterwards what a client did.
#pragma once

#include <atomic>
#include <array>
#include <cstdint>
#include <string>

#include "base/mutex.h"
#include "base/time.h"
#include "model/ids.h"
#include "model/nt_status.h"
#include "wire/header.h"

namespace dozo::server {

struct TraceEntry {
  WallTime at;
  std::uint64_t connection = 0;
  SessionId session;
  MessageId message;
  wire::Command command = wire::Command::negotiate;
  NtStatus status = NtStatus::SUCCESS;
  std::uint32_t microseconds = 0;  // from the frame's arrival to its answer
};

// Thread-safe, bounded, never blocks for longer than the copy of one entry.
class TraceRing {
 public:
  static constexpr std::size_t kEntries = 4096;
  void add(const TraceEntry& entry);
  // Oldest first, a line each.
  std::string dump() const;

 private:
  mutable Mutex mutex_;
  std::array<TraceEntry, kEntries> entries_ DOZO_GUARDED_BY(mutex_);
  std::uint64_t count_ DOZO_GUARDED_BY(mutex_) = 0;
};

}  // namespace dozo::server
