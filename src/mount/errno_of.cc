#include "mount/errno_of.h"

#include <cerrno>

namespace dozo::mount {
namespace {

struct Row {
  NtStatus status;
  int error;
};
constexpr Row kRows[] = {
    {NtStatus::SUCCESS, 0},
    {NtStatus::OBJECT_NAME_NOT_FOUND, ENOENT},
    {NtStatus::OBJECT_PATH_NOT_FOUND, ENOENT},
    {NtStatus::NO_SUCH_FILE, ENOENT},
    {NtStatus::NOT_FOUND, ENOENT},
    {NtStatus::DELETE_PENDING, ENOENT},  // its name is as good as gone
    {NtStatus::FILE_DELETED, ENOENT},
    {NtStatus::OBJECT_NAME_COLLISION, EEXIST},
    {NtStatus::NOT_A_DIRECTORY, ENOTDIR},
    {NtStatus::FILE_IS_A_DIRECTORY, EISDIR},
    {NtStatus::DIRECTORY_NOT_EMPTY, ENOTEMPTY},
    {NtStatus::ACCESS_DENIED, EACCES},
    {NtStatus::LOGON_FAILURE, EACCES},
    {NtStatus::CANNOT_DELETE, EPERM},
    {NtStatus::MEDIA_WRITE_PROTECTED, EROFS},
    {NtStatus::SHARING_VIOLATION, EBUSY},
    {NtStatus::FILE_LOCK_CONFLICT, EAGAIN},
    {NtStatus::LOCK_NOT_GRANTED, EAGAIN},
    {NtStatus::DISK_FULL, ENOSPC},
    {NtStatus::QUOTA_EXCEEDED, EDQUOT},
    {NtStatus::INSUFFICIENT_RESOURCES, ENOMEM},
    {NtStatus::TOO_MANY_OPENED_FILES, EMFILE},
    {NtStatus::TOO_MANY_LINKS, EMLINK},
    {NtStatus::NAME_TOO_LONG, ENAMETOOLONG},
    {NtStatus::OBJECT_NAME_INVALID, EINVAL},
    {NtStatus::INVALID_PARAMETER, EINVAL},
    {NtStatus::NOT_A_REPARSE_POINT, EINVAL},
    {NtStatus::STOPPED_ON_SYMLINK, ELOOP},
    {NtStatus::NOT_SUPPORTED, EOPNOTSUPP},
    {NtStatus::NOT_IMPLEMENTED, EOPNOTSUPP},
    {NtStatus::INVALID_DEVICE_REQUEST, EOPNOTSUPP},
    {NtStatus::INVALID_INFO_CLASS, EOPNOTSUPP},
    {NtStatus::IO_REPARSE_TAG_NOT_HANDLED, EOPNOTSUPP},
    {NtStatus::IO_REPARSE_DATA_INVALID, EINVAL},
    {NtStatus::FILE_CLOSED, EBADF},
    {NtStatus::CANCELLED, EINTR},
    {NtStatus::BUFFER_OVERFLOW, ERANGE},
    {NtStatus::FILE_NOT_AVAILABLE, ESTALE},
    {NtStatus::IO_TIMEOUT, ETIMEDOUT},
    // The server did not come back while it was waited for.
    {NtStatus::CONNECTION_DISCONNECTED, EHOSTDOWN},
    {NtStatus::CONNECTION_RESET, EHOSTDOWN},
    {NtStatus::CONNECTION_REFUSED, EHOSTDOWN},
    {NtStatus::HOST_UNREACHABLE, EHOSTUNREACH},
    {NtStatus::NETWORK_UNREACHABLE, ENETUNREACH},
    {NtStatus::USER_SESSION_DELETED, EHOSTDOWN},
    {NtStatus::NETWORK_SESSION_EXPIRED, EHOSTDOWN},
    {NtStatus::NETWORK_NAME_DELETED, EHOSTDOWN},
};

}  // namespace

int errno_of(NtStatus status) {
  for (const Row& row : kRows) {
    if (row.status == status) return row.error;
  }
  return EIO;
}

}  // namespace dozo::mount
