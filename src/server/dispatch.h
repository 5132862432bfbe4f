// Dispatch: from a frame's plain SMB2 messages to its answers.
#pragma once

#include <memory>

#include "runtime/task.h"
#include "server/connection.h"

namespace dozo::server {

// Serves the elements of a frame in order: header, message id and credits, session, signature, tree, body size,
// handler, answer. [MS-SMB2] 3.3.5.2. Ends the connection where a client breaks the protocol.
runtime::Task<void> serve_frame(Connection& connection, const IncomingFrame& frame);

}  // namespace dozo::server
