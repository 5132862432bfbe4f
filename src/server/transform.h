// Encrypted frames. [MS-SMB2] 2.2.41, 3.1.4.3, 3.3.5.2.1.1.
#pragma once

#include <memory>

#include "base/result.h"
#include "server/connection.h"
#include "server/outbox.h"

namespace dozo::server {

// Fills in the direct TCP prefix of a frame that is sent as it is.
void set_frame_length(OutFrame& frame);

// Encrypts the frame's messages in place and fills in prefix and transform header. False when the session's nonces are
// used up: the connection must end. Precondition: the channel is open and has a sealer.
[[nodiscard]] bool seal(Channel& channel, OutFrame& frame);

// Decrypts a frame in place. The open channel it came on, on success.
// STATUS_USER_SESSION_DELETED: none of this connection; STATUS_INVALID_PARAMETER: malformed; STATUS_ACCESS_DENIED: it
// was not sealed with the session's key. [MS-SMB2] 3.3.5.2.1.1: each ends the connection.
Result<std::shared_ptr<Channel>> unseal(const Connection& connection, MutableBytes frame);

}  // namespace dozo::server
