#include "client/transport_error.h"

#include <cerrno>

namespace dozo::client {

NtStatus status_of_errno(int error) {
  switch (error) {
    case ECONNREFUSED:
      return NtStatus::CONNECTION_REFUSED;
    case EHOSTUNREACH:
    case EHOSTDOWN:
      return NtStatus::HOST_UNREACHABLE;
    case ENETUNREACH:
    case ENETDOWN:
      return NtStatus::NETWORK_UNREACHABLE;
    case ETIMEDOUT:
      return NtStatus::IO_TIMEOUT;
    case ECONNRESET:
      return NtStatus::CONNECTION_RESET;
    case EMFILE:
    case ENFILE:
    case ENOBUFS:
    case ENOMEM:
      return NtStatus::INSUFFICIENT_RESOURCES;
    default:
      return NtStatus::CONNECTION_DISCONNECTED;
  }
}

}  // namespace dozo::client
