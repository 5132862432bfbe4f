// lsarpc: the Local Security Authority, [MS-LSAD] and [MS-LSAT]: who domains and accounts are. It changes nothing.
#pragma once

#include "rpc/services.h"

namespace dozo::rpc {

extern const Interface kLsarpc;

}  // namespace dozo::rpc
