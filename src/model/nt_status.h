// NtStatus: the status codes dozo sends or understands. [MS-ERREF] 2.3.1.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace dozo {

// X(enumerator, value): names as [MS-ERREF] spells them without STATUS_. One list makes the enum and the names.
#define DOZO_NT_STATUS_LIST(X)                \
  X(SUCCESS, 0x00000000)                      \
  X(PENDING, 0x00000103)                      \
  X(SOME_NOT_MAPPED, 0x00000107)              \
  X(INVALID_SERVER_STATE, 0xC00000DC)         \
  X(NOTIFY_CLEANUP, 0x0000010B)               \
  X(NOTIFY_ENUM_DIR, 0x0000010C)              \
  X(BUFFER_OVERFLOW, 0x80000005)              \
  X(NO_MORE_FILES, 0x80000006)                \
  X(STOPPED_ON_SYMLINK, 0x8000002D)           \
  X(NO_MORE_EAS, 0x80000012)                  \
  X(INVALID_EA_NAME, 0x80000013)              \
  X(EA_LIST_INCONSISTENT, 0x80000014)         \
  X(NO_MORE_ENTRIES, 0x8000001A)              \
  X(UNSUCCESSFUL, 0xC0000001)                 \
  X(NOT_IMPLEMENTED, 0xC0000002)              \
  X(INVALID_INFO_CLASS, 0xC0000003)           \
  X(INFO_LENGTH_MISMATCH, 0xC0000004)         \
  X(INVALID_HANDLE, 0xC0000008)               \
  X(INVALID_PARAMETER, 0xC000000D)            \
  X(NO_SUCH_DEVICE, 0xC000000E)               \
  X(NO_SUCH_FILE, 0xC000000F)                 \
  X(INVALID_DEVICE_REQUEST, 0xC0000010)       \
  X(END_OF_FILE, 0xC0000011)                  \
  X(INVALID_VIEW_SIZE, 0xC000001F)            \
  X(MORE_PROCESSING_REQUIRED, 0xC0000016)     \
  X(NO_MEMORY, 0xC0000017)                    \
  X(ACCESS_DENIED, 0xC0000022)                \
  X(BUFFER_TOO_SMALL, 0xC0000023)             \
  X(OBJECT_TYPE_MISMATCH, 0xC0000024)         \
  X(OBJECT_NAME_INVALID, 0xC0000033)          \
  X(OBJECT_NAME_NOT_FOUND, 0xC0000034)        \
  X(OBJECT_NAME_COLLISION, 0xC0000035)        \
  X(OBJECT_PATH_INVALID, 0xC0000039)          \
  X(OBJECT_PATH_NOT_FOUND, 0xC000003A)        \
  X(OBJECT_PATH_SYNTAX_BAD, 0xC000003B)       \
  X(DATA_ERROR, 0xC000003E)                   \
  X(SHARING_VIOLATION, 0xC0000043)            \
  X(EA_TOO_LARGE, 0xC0000050)                 \
  X(NONEXISTENT_EA_ENTRY, 0xC0000051)         \
  X(NO_EAS_ON_FILE, 0xC0000052)               \
  X(EAS_NOT_SUPPORTED, 0xC000004F)            \
  X(FILE_LOCK_CONFLICT, 0xC0000054)           \
  X(LOCK_NOT_GRANTED, 0xC0000055)             \
  X(DELETE_PENDING, 0xC0000056)               \
  X(PRIVILEGE_NOT_HELD, 0xC0000061)           \
  X(NO_SUCH_USER, 0xC0000064)                 \
  X(WRONG_PASSWORD, 0xC000006A)               \
  X(LOGON_FAILURE, 0xC000006D)                \
  X(ACCOUNT_RESTRICTION, 0xC000006E)          \
  X(PASSWORD_EXPIRED, 0xC0000071)             \
  X(ACCOUNT_DISABLED, 0xC0000072)             \
  X(NONE_MAPPED, 0xC0000073)                  \
  X(INVALID_OWNER, 0xC000005A)                \
  X(INVALID_PRIMARY_GROUP, 0xC000005B)        \
  X(INVALID_ACL, 0xC0000077)                  \
  X(INVALID_SID, 0xC0000078)                  \
  X(INVALID_SECURITY_DESCR, 0xC0000079)       \
  X(RANGE_NOT_LOCKED, 0xC000007E)             \
  X(DISK_FULL, 0xC000007F)                    \
  X(INSUFFICIENT_RESOURCES, 0xC000009A)       \
  X(MEDIA_WRITE_PROTECTED, 0xC00000A2)        \
  X(PIPE_NOT_AVAILABLE, 0xC00000AC)           \
  X(PIPE_BUSY, 0xC00000AE)                    \
  X(PIPE_DISCONNECTED, 0xC00000B0)            \
  X(PIPE_CLOSING, 0xC00000B1)                 \
  X(PIPE_CONNECTED, 0xC00000B2)               \
  X(IO_TIMEOUT, 0xC00000B5)                   \
  X(FILE_IS_A_DIRECTORY, 0xC00000BA)          \
  X(NOT_SUPPORTED, 0xC00000BB)                \
  X(BAD_NETWORK_PATH, 0xC00000BE)             \
  X(NETWORK_ACCESS_DENIED, 0xC00000CA)        \
  X(BAD_DEVICE_TYPE, 0xC00000CB)              \
  X(INVALID_DEVICE_STATE, 0xC0000184)         \
  X(BAD_IMPERSONATION_LEVEL, 0xC00000A5)      \
  X(BAD_NETWORK_NAME, 0xC00000CC)             \
  X(TOO_MANY_SESSIONS, 0xC00000CE)            \
  X(REQUEST_NOT_ACCEPTED, 0xC00000D0)         \
  X(REQUEST_OUT_OF_SEQUENCE, 0xC000042A)         \
  X(NOT_SAME_DEVICE, 0xC00000D4)              \
  X(UNEXPECTED_NETWORK_ERROR, 0xC00000C4)     \
  X(PIPE_EMPTY, 0xC00000D9)                   \
  X(INVALID_OPLOCK_PROTOCOL, 0xC00000E3)      \
  X(INTERNAL_ERROR, 0xC00000E5)               \
  X(DIRECTORY_NOT_EMPTY, 0xC0000101)          \
  X(FILE_CORRUPT_ERROR, 0xC0000102)           \
  X(NOT_A_DIRECTORY, 0xC0000103)              \
  X(NAME_TOO_LONG, 0xC0000106)                \
  X(TOO_MANY_OPENED_FILES, 0xC000011F)        \
  X(CANCELLED, 0xC0000120)                    \
  X(CANNOT_DELETE, 0xC0000121)                \
  X(FILE_DELETED, 0xC0000123)                 \
  X(FILE_CLOSED, 0xC0000128)                  \
  X(ILLEGAL_CHARACTER, 0xC0000161)            \
  X(TOO_MANY_LINKS, 0xC0000265)               \
  X(USER_SESSION_DELETED, 0xC0000203)         \
  X(CONNECTION_DISCONNECTED, 0xC000020C)      \
  X(CONNECTION_RESET, 0xC000020D)             \
  X(CONNECTION_REFUSED, 0xC0000236)           \
  X(NETWORK_UNREACHABLE, 0xC000023C)          \
  X(HOST_UNREACHABLE, 0xC000023D)             \
  X(NOT_FOUND, 0xC0000225)                    \
  X(FS_DRIVER_REQUIRED, 0xC000019C)           \
  X(RETRY, 0xC000022D)                        \
  X(NETWORK_SESSION_EXPIRED, 0xC000035C)      \
  X(NETWORK_NAME_DELETED, 0xC00000C9)         \
  X(DEVICE_FEATURE_NOT_SUPPORTED, 0xC0000463) \
  X(SMB_BAD_CLUSTER_DIALECT, 0xC05D0001)      \
  X(SMB_NO_PREAUTH_INTEGRITY_HASH_OVERLAP, 0xC05D0000) \
  X(FILE_NOT_AVAILABLE, 0xC0000467)           \
  X(INVALID_LOCK_RANGE, 0xC00001A1)           \
  X(DUPLICATE_OBJECTID, 0xC000022A)           \
  X(CONTEXT_MISMATCH, 0xC0000719)             \
  X(FILE_FORCED_CLOSED, 0xC00000B6)           \
  X(OBJECTID_NOT_FOUND, 0xC00002F0)           \
  X(NOT_A_REPARSE_POINT, 0xC0000275)          \
  X(IO_REPARSE_TAG_INVALID, 0xC0000276)       \
  X(IO_REPARSE_TAG_MISMATCH, 0xC0000277)      \
  X(IO_REPARSE_DATA_INVALID, 0xC0000278)      \
  X(IO_REPARSE_TAG_NOT_HANDLED, 0xC0000279)   \
  X(REPARSE_POINT_ENCOUNTERED, 0xC000050B)    \
  X(OPLOCK_NOT_GRANTED, 0xC00000E2)           \
  X(CANNOT_BREAK_OPLOCK, 0xC0000909)          \
  X(HANDLE_NO_LONGER_VALID, 0xC0190028)       \
  X(QUOTA_EXCEEDED, 0xC0000044)               \
  X(LOGON_TYPE_NOT_GRANTED, 0xC000015B)       \
  X(NTLM_BLOCKED, 0xC0000418)                 \
  X(NOT_A_DFS_PATH, 0xC000019E)               \
  X(PATH_NOT_COVERED, 0xC0000257)             \
  X(SERVER_UNAVAILABLE, 0xC0000466)           \
  X(DIRECTORY_IS_A_REPARSE_POINT, 0xC0000281) \
  X(INVALID_NETWORK_RESPONSE, 0xC00000C3)     \
  X(NO_LOGON_SERVERS, 0xC000005E)             \
  X(NOT_LOCKED, 0xC000002A)                   \
  X(INVALID_SIGNATURE, 0xC000A000)

enum class NtStatus : std::uint32_t {
#define DOZO_X(name, value) name = value,
  DOZO_NT_STATUS_LIST(DOZO_X)
#undef DOZO_X
};

// "STATUS_ACCESS_DENIED", or "0xC0001234" for a code that is not in the list.
std::string to_string(NtStatus status);
inline std::string format_as(NtStatus status) { return to_string(status); }

// The two top bits: 0 success, 1 information, 2 warning, 3 error.
constexpr bool is_error(NtStatus status) { return (static_cast<std::uint32_t>(status) >> 30) == 3; }

}  // namespace dozo
