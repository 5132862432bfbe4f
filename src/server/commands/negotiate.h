// NEGOTIATE in its two forms.
#pragma once

#include "base/bytes.h"
#include "base/result.h"
#include "server/reply.h"

namespace dozo::server {

class Connection;

// An SMB1 COM_NEGOTIATE that offers SMB2. [MS-SMB2] 3.3.5.3. The answer is an SMB2 message, header included.
// STATUS_NOT_SUPPORTED: the client offers SMB1 only, or nothing within the configured dialects.
Result<Reply> answer_multi_protocol_negotiate(Connection& connection, Bytes frame);

}  // namespace dozo::server
