#include "vfs/posix/errno_map.h"

#include <atomic>
#include <cerrno>

#include "base/log.h"

namespace dozo::vfs::posix {
namespace {

struct Row {
  int error;
  NtStatus status;
};
constexpr Row kRows[] = {
    {ENOENT, NtStatus::OBJECT_NAME_NOT_FOUND},
    {ENOTDIR, NtStatus::OBJECT_PATH_NOT_FOUND},
    {EACCES, NtStatus::ACCESS_DENIED},
    {EPERM, NtStatus::ACCESS_DENIED},
    {ELOOP, NtStatus::ACCESS_DENIED},
    {ENXIO, NtStatus::ACCESS_DENIED},  // a FIFO without a reader, a device that is not there
    {EEXIST, NtStatus::OBJECT_NAME_COLLISION},
    {ENOTEMPTY, NtStatus::DIRECTORY_NOT_EMPTY},
    {EISDIR, NtStatus::FILE_IS_A_DIRECTORY},
    {ENAMETOOLONG, NtStatus::OBJECT_NAME_INVALID},
    {EILSEQ, NtStatus::OBJECT_NAME_INVALID},
    {ENOSPC, NtStatus::DISK_FULL},
    {EDQUOT, NtStatus::DISK_FULL},  // what programs look for; hardly any knows STATUS_QUOTA_EXCEEDED
    {EROFS, NtStatus::MEDIA_WRITE_PROTECTED},
    {EMFILE, NtStatus::TOO_MANY_OPENED_FILES},
    {ENFILE, NtStatus::TOO_MANY_OPENED_FILES},
    {ENOMEM, NtStatus::INSUFFICIENT_RESOURCES},
    {EMLINK, NtStatus::TOO_MANY_LINKS},
    {EFBIG, NtStatus::INVALID_PARAMETER},
    {EINVAL, NtStatus::INVALID_PARAMETER},
    {ETXTBSY, NtStatus::SHARING_VIOLATION},
    {EBUSY, NtStatus::SHARING_VIOLATION},
    {EAGAIN, NtStatus::SHARING_VIOLATION},
    {EOPNOTSUPP, NtStatus::NOT_SUPPORTED},
    {ENOSYS, NtStatus::NOT_SUPPORTED},
    {ENOTTY, NtStatus::NOT_SUPPORTED},
    {EIO, NtStatus::DATA_ERROR},
    {ESTALE, NtStatus::FILE_CLOSED},
    {EBADF, NtStatus::ACCESS_DENIED},  // not opened for this
    {ENODATA, NtStatus::NOT_FOUND},
    {E2BIG, NtStatus::EA_TOO_LARGE},
    {ERANGE, NtStatus::EA_TOO_LARGE},
};

}  // namespace

NtStatus status_of(int error, Doing doing) {
  if (error == EXDEV) return doing == Doing::move ? NtStatus::NOT_SAME_DEVICE : NtStatus::ACCESS_DENIED;
  if (error == EINVAL && doing == Doing::move) return NtStatus::ACCESS_DENIED;  // a folder into itself
  for (const Row& row : kRows) {
    if (row.error == error) return row.status;
  }
  static std::atomic<bool> told = false;
  if (!told.exchange(true)) log::warning("errno_unknown", "The system reported error {}, which has no status.", error);
  return NtStatus::UNSUCCESSFUL;
}

}  // namespace dozo::vfs::posix
