// srvsvc: the Server Service, [MS-SRVS]. Shares are listed to everybody who may see them; sessions, opens and paths
// are for administrators.
#pragma once

#include "rpc/services.h"

namespace dozo::rpc {

extern const Interface kSrvsvc;

}  // namespace dozo::rpc
