// The one way from errno to NtStatus.
#pragma once

#include "base/result.h"
#include "model/nt_status.h"

namespace dozo::vfs::posix {

// What had failed, where it decides what the error means.
enum class Doing { walk, move, other };

// `error` > 0. One that is unknown is logged once and is STATUS_UNSUCCESSFUL.
NtStatus status_of(int error, Doing doing = Doing::other);

inline std::unexpected<NtStatus> fail_errno(int error, Doing doing = Doing::other) {
  return fail(status_of(error, doing));
}

}  // namespace dozo::vfs::posix
