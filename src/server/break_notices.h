// Oplock and lease break notifications: what the server sends unasked. [MS-SMB2] 2.2.23, 3.3.4.6, 3.3.4.7.
#pragma once

#include "share/effects.h"

namespace dozo::server {

class Server;

// To the client of the open, over a live connection of its session. Without any the break is completed with "none",
// unless the open is gone by then. Any loop.
void send_oplock_break(Server& server, const share::BreakOplock& notice);

// To the client of the lease, over the first of its live connections. Without any a break that has to be acknowledged
// is completed with "none". Any loop.
void send_lease_break(Server& server, const share::BreakLease& notice);

}  // namespace dozo::server
