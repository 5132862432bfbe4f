// Oplock and lease break notifications: what the server sends unasked. [MS-SMB2] 2.2.23, 3.3.4.6, 3.3.4.7.
#pragma once

#include "share/effects.h"

namespace dozo::server {

class Server;

// When it is sent to a client whose connection is on the calling loop: before whatever is answered next there, or,
// where an acknowledgement brings the next break, behind the answer to that. [MS-SMB2] 3.3.5.22.
enum class NoticeOrder { at_once, after_answer };

// To the client of the open, over a live connection of its session. Without any the break is completed with "none",
// unless the open is gone by then. Any loop.
void send_oplock_break(Server& server, const share::BreakOplock& notice, NoticeOrder order);

// To the client of the lease, over the first of its live connections. Without any a break that has to be acknowledged
// is completed with "none". Any loop.
void send_lease_break(Server& server, const share::BreakLease& notice, NoticeOrder order);

}  // namespace dozo::server
