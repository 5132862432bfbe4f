// Copies that the server makes itself: nothing of the file crosses the network.
#pragma once

#include "client/file.h"

namespace dozo::client {

// Copies `length` bytes from `from` to `to`, both open on one session, `to` for reading and writing. Errors:
// STATUS_NOT_SUPPORTED or STATUS_INVALID_DEVICE_REQUEST where the server cannot; then the caller reads and writes.
// [MS-SMB2] 2.2.31.1, 3.3.5.15.6
runtime::Task<Result<>> copy_on_server(File& from, File& to, std::uint64_t length);

}  // namespace dozo::client
