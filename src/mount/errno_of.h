// What the status of a server is to a program of this machine.
#pragma once

#include "model/nt_status.h"

namespace dozo::mount {

// An errno, 0 for STATUS_SUCCESS, EIO for what has no better one.
int errno_of(NtStatus status);

}  // namespace dozo::mount
