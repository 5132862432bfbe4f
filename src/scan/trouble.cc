#include "scan/trouble.h"

#include <fmt/format.h>

#include "model/nt_status.h"

namespace dozo::scan {

Trouble trouble_of(NtStatus status, Duration timeout) {
  using Kind = Trouble::Kind;
  switch (status) {
    case NtStatus::CONNECTION_REFUSED:
      return {Kind::refused, "connection refused"};
    case NtStatus::IO_TIMEOUT:
      return {Kind::silent, fmt::format("no answer within {:.3g} s", std::chrono::duration<double>(timeout).count())};
    case NtStatus::CONNECTION_DISCONNECTED:
      return {Kind::ended, "it hung up without an answer"};
    case NtStatus::CONNECTION_RESET:
      return {Kind::ended, "it reset the connection"};
    case NtStatus::INVALID_NETWORK_RESPONSE:
      return {Kind::malformed, "what it answered is not SMB"};
    case NtStatus::HOST_UNREACHABLE:
      return {Kind::other, "the host cannot be reached"};
    case NtStatus::NETWORK_UNREACHABLE:
      return {Kind::other, "its network cannot be reached"};
    case NtStatus::INSUFFICIENT_RESOURCES:
      return {Kind::other, "this computer has no socket left"};
    default:
      return {Kind::other, status_text(status)};
  }
}

std::string status_text(NtStatus status) { return to_string(status); }

}  // namespace dozo::scan
