#include "client/explain.h"

#include <fmt/format.h>

#include "model/rpc_status.h"

namespace dozo::client {
namespace {

struct Explanation {
  NtStatus status;
  std::string_view text;
};
constexpr Explanation kExplanations[] = {
    {NtStatus::LOGON_FAILURE, "user or password is wrong"},
    {NtStatus::ACCOUNT_DISABLED, "the account is disabled"},
    {NtStatus::ACCESS_DENIED, "access denied"},
    {NtStatus::BAD_NETWORK_NAME, "the server has no share of that name"},
    {NtStatus::OBJECT_NAME_NOT_FOUND, "no such file or folder"},
    {NtStatus::NO_SUCH_FILE, "no such file or folder"},
    {NtStatus::OBJECT_PATH_NOT_FOUND, "a folder on the way to it is not there"},
    {NtStatus::OBJECT_NAME_COLLISION, "is there already"},
    {NtStatus::OBJECT_NAME_INVALID, "not a name that the server accepts"},
    {NtStatus::FILE_IS_A_DIRECTORY, "is a folder"},
    {NtStatus::NOT_A_DIRECTORY, "is not a folder"},
    {NtStatus::DIRECTORY_NOT_EMPTY, "the folder is not empty; --recursive removes what is in it too"},
    {NtStatus::SHARING_VIOLATION, "somebody else has it open"},
    {NtStatus::DELETE_PENDING, "it is about to be deleted"},
    {NtStatus::MEDIA_WRITE_PROTECTED, "the share is read-only"},
    {NtStatus::DISK_FULL, "no space left on the server"},
    {NtStatus::CONNECTION_REFUSED, "nothing accepts connections there"},
    {NtStatus::CONNECTION_RESET, "the server ended the connection"},
    {NtStatus::CONNECTION_DISCONNECTED, "the server ended the connection"},
    {NtStatus::HOST_UNREACHABLE, "the host cannot be reached"},
    {NtStatus::NETWORK_UNREACHABLE, "the host's network cannot be reached"},
    {NtStatus::IO_TIMEOUT, "no answer in time"},
    {NtStatus::NOT_SUPPORTED, "the server does not do what was asked for: see --encrypt and --min-dialect"},
    {NtStatus::HANDLE_NO_LONGER_VALID, "the connection was lost, and the server has not kept the open file"},
    {NtStatus::FILE_NOT_AVAILABLE, "it became another file while it was read"},
    {NtStatus::DATA_ERROR, "what the server holds is not what was sent"},
    {NtStatus::PASSWORD_EXPIRED, "the password has expired"},
    {NtStatus::INSUFFICIENT_RESOURCES, "the server has no room for the request"},
    {NtStatus::STOPPED_ON_SYMLINK, "there is a symbolic link on the way, which only the server's own system follows"},
    {NtStatus::INVALID_SIGNATURE, "the answer was not signed by who knows the password: somebody may be in between"},
    {kRpcUnknownInterface, "the server does not offer these calls"},
    {kRpcProcedureOutOfRange, "the server does not know this call"},
    {kRpcCallFailed, "the server refused the call"},
    {NtStatus::INVALID_NETWORK_RESPONSE, "the answer breaks the rules of the protocol"},
};

}  // namespace

std::string explain(NtStatus status) {
  for (const Explanation& known : kExplanations) {
    if (known.status == status) return fmt::format("{} ({})", known.text, to_string(status));
  }
  return to_string(status);
}

}  // namespace dozo::client
