// Checks that several commands share, each named after its rule.
#pragma once

#include "base/result.h"
#include "server/open.h"
#include "server/request.h"

namespace dozo::server {

// The open a request names, or the one its compound handed on. [MS-SMB2] 3.3.5.2.7.2, 3.3.5.10.
// STATUS_FILE_CLOSED: no such open. STATUS_FILE_NOT_AVAILABLE: the request is of a channel sequence that is over
// ([MS-SMB2] 3.3.5.2.10).
Result<OpenRef> find_open(Request& request, FileId id);

// [MS-SMB2] 3.3.5.2.5: the credits charged cover the payload. `payload`: the larger of what is sent and what is asked
// for, in bytes. STATUS_INVALID_PARAMETER.
Result<> check_credit_charge(const Request& request, std::uint64_t payload);

// The length of an I/O against Connection.MaxReadSize and its like. STATUS_INVALID_PARAMETER.
Result<> check_io_size(const Request& request, std::uint64_t length);

// [MS-SMB2] 3.3.5.12, 3.3.5.13: an offset past 2^63-1, or a range that leaves it, is STATUS_INVALID_PARAMETER.
Result<> check_file_range(std::uint64_t offset, std::uint64_t length);

Result<> check_access(const Open& open, Access right);
Result<> check_any_access(const Open& open, AccessMask rights);
// A file or directory, not a pipe: STATUS_INVALID_DEVICE_REQUEST.
Result<> check_not_pipe(const Open& open);
// [MS-FSA] 2.1.5.6, 2.1.5.10: STATUS_INVALID_PARAMETER for what is no directory.
Result<> check_directory(const Open& open);
// Nobody gets at files: a session that is, or has become, anonymous makes no open and enters no directory of a disk
// share. STATUS_ACCESS_DENIED. The session's home loop.
Result<> check_not_anonymous(const Request& request);
// A share that is read-only refuses changes whatever the handle: STATUS_MEDIA_WRITE_PROTECTED.
Result<> check_writable(const Tree& tree);

}  // namespace dozo::server
