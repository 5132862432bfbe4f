#include "mount/errno_of.h"

#include <gtest/gtest.h>

#include <cerrno>

namespace dozo::mount {
namespace {

TEST(ErrnoOf, what_programs_branch_on_is_told_apart) {
  EXPECT_EQ(errno_of(NtStatus::SUCCESS), 0);
  EXPECT_EQ(errno_of(NtStatus::OBJECT_NAME_NOT_FOUND), ENOENT);
  EXPECT_EQ(errno_of(NtStatus::OBJECT_PATH_NOT_FOUND), ENOENT);
  EXPECT_EQ(errno_of(NtStatus::OBJECT_NAME_COLLISION), EEXIST);
  EXPECT_EQ(errno_of(NtStatus::DIRECTORY_NOT_EMPTY), ENOTEMPTY);
  EXPECT_EQ(errno_of(NtStatus::FILE_IS_A_DIRECTORY), EISDIR);
  EXPECT_EQ(errno_of(NtStatus::NOT_A_DIRECTORY), ENOTDIR);
  EXPECT_EQ(errno_of(NtStatus::ACCESS_DENIED), EACCES);
  EXPECT_EQ(errno_of(NtStatus::SHARING_VIOLATION), EBUSY);
  EXPECT_EQ(errno_of(NtStatus::DISK_FULL), ENOSPC);
  EXPECT_EQ(errno_of(NtStatus::MEDIA_WRITE_PROTECTED), EROFS);
  EXPECT_EQ(errno_of(NtStatus::NAME_TOO_LONG), ENAMETOOLONG);
  EXPECT_EQ(errno_of(NtStatus::INVALID_DEVICE_REQUEST), EOPNOTSUPP);
}

TEST(ErrnoOf, a_server_that_is_gone_is_no_missing_file) {
  for (const NtStatus status : {NtStatus::CONNECTION_DISCONNECTED, NtStatus::CONNECTION_RESET,
                                NtStatus::CONNECTION_REFUSED, NtStatus::USER_SESSION_DELETED}) {
    EXPECT_EQ(errno_of(status), EHOSTDOWN);
  }
  EXPECT_EQ(errno_of(NtStatus::IO_TIMEOUT), ETIMEDOUT);
}

TEST(ErrnoOf, everything_else_is_an_error_of_the_device) {
  EXPECT_EQ(errno_of(NtStatus::INVALID_NETWORK_RESPONSE), EIO);
  EXPECT_EQ(errno_of(NtStatus::HANDLE_NO_LONGER_VALID), EIO);
  EXPECT_EQ(errno_of(static_cast<NtStatus>(0xC0001234)), EIO);
}

}  // namespace
}  // namespace dozo::mount
