// What a failed system call on a connection means to a caller.
#pragma once

#include "model/nt_status.h"

namespace dozo::client {

NtStatus status_of_errno(int error);

}  // namespace dozo::client
