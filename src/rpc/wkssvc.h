// wkssvc: the Workstation Service, [MS-WKST]: what this machine is called and belongs to.
#pragma once

#include "rpc/services.h"

namespace dozo::rpc {

extern const Interface kWkssvc;

}  // namespace dozo::rpc
