// Names that come to mean something else while they are being used.
#pragma once

#include <chrono>
#include <optional>

#include "base/result.h"
#include "model/nt_status.h"
#include "runtime/loop.h"
#include "runtime/task.h"
#include "server/request.h"

namespace dozo::server {

// STATUS_RETRY and STATUS_CANNOT_BREAK_OPLOCK are between the server and a volume (vfs/volume.h): try again. No client
// knows what to do with them; to one a name that does not settle is as good as one that somebody else uses.
constexpr NtStatus settled(NtStatus status) {
  const bool unsettled = status == NtStatus::RETRY || status == NtStatus::CANNOT_BREAK_OPLOCK;
  return unsettled ? NtStatus::SHARING_VIOLATION : status;
}
template <class T>
Result<T> settled(Result<T> result) {
  if (result) return result;
  return fail(settled(result.error()));
}

// How often, and how patiently, a name is resolved anew.
class Settling {
 public:
  static constexpr int kAttemptsMax = 16;

  // Whether to try again after a failure. At once.
  bool may_try_again() { return --left_ > 0; }
  // The same, a moment later: somebody else of this server is at work on the name.
  runtime::Task<bool> wait() {
    if (!may_try_again()) co_return false;
    co_await runtime::sleep_for(runtime::Loop::current(), pause_);
    if (pause_ < kPauseMax) pause_ *= 2;
    co_return true;
  }

 private:
  static constexpr Duration kPauseMax = std::chrono::milliseconds(64);
  int left_ = kAttemptsMax;
  Duration pause_ = std::chrono::milliseconds(1);
};

// Waits for another program to give up its lease on a file: in steps, for nobody tells.
class LocalLeaseWait {
 public:
  // Until the open is to be tried again. STATUS_CANCELLED; STATUS_SHARING_VIOLATION: it has been long enough.
  runtime::Task<Result<>> wait(Request& request);

 private:
  // The kernel takes a lease away after 45 seconds (/proc/sys/fs/lease-break-time).
  static constexpr Duration kPatience = std::chrono::seconds(50);
  static constexpr Duration kPause = std::chrono::milliseconds(20);
  std::optional<Instant> give_up_at_;  // from the first time on
};

}  // namespace dozo::server
