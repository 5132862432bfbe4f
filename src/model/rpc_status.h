// The status codes that remote procedure calls end with. [MS-ERREF] 2.3.1.
#pragma once

#include "model/nt_status.h"

namespace dozo {

// X(constant, value, name as the specification spells it).
#define DOZO_RPC_STATUS_LIST(X)                                                \
  X(kRpcUnknownInterface, 0xC0020012, "RPC_NT_UNKNOWN_IF")                     \
  X(kRpcCallFailed, 0xC002001B, "RPC_NT_CALL_FAILED")                          \
  X(kRpcUnsupportedTransferSyntax, 0xC002001F, "RPC_NT_UNSUPPORTED_TRANS_SYN") \
  X(kRpcProcedureOutOfRange, 0xC002002E, "RPC_NT_PROCNUM_OUT_OF_RANGE")        \
  X(kRpcBadStubData, 0xC003000C, "RPC_NT_BAD_STUB_DATA")

#define DOZO_X(constant, value, name) inline constexpr NtStatus constant = static_cast<NtStatus>(value);
DOZO_RPC_STATUS_LIST(DOZO_X)
#undef DOZO_X

}  // namespace dozo
