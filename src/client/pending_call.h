// PendingCall: a request whose response is awaited. Private to Connection's sources.
#pragma once

#include "client/connection.h"
#include "client/session_security.h"

namespace dozo::client {

// Lives in the frame of the call that awaits it; known to the connection by its message id meanwhile.
struct Connection::PendingCall {
  Connection* connection = nullptr;
  MessageId id;
  wire::Command command = wire::Command::echo;
  std::uint16_t charge = 0;  // credits it consumed
  SessionSecurity* session = nullptr;
  bool must_be_signed = false;
  bool must_be_sealed = false;
  CallHandle* handle = nullptr;
  Duration timeout{};
  bool was_interim = false;
  runtime::Timer timer;
  runtime::OneShot<Result<Response>> outcome;

  void arm_timer() {
    timer.arm(connection->loop(), connection->loop().now() + timeout, &PendingCall::on_timeout, this);
  }
  static void on_timeout(void* self) {
    auto& call = *static_cast<PendingCall*>(self);
    call.connection->abandon(call);
    call.outcome.set(fail(NtStatus::IO_TIMEOUT));
  }
};

}  // namespace dozo::client
