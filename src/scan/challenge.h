// The first message of an NTLM logon, for what its answer says. Nobody logs on, so no log has a failure of it.
#pragma once

#include "scan/host_probe.h"

namespace dozo::scan {

// On a connection that has negotiated.
runtime::Task<void> ask_challenge(HostProbe& probe, Line& line);

}  // namespace dozo::scan
