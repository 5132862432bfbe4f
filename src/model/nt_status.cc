#include "model/nt_status.h"

#include <fmt/format.h>

#include "model/rpc_status.h"

namespace dozo {

std::string to_string(NtStatus status) {
  switch (status) {
#define DOZO_X(name, value) \
  case NtStatus::name:      \
    return "STATUS_" #name;
    DOZO_NT_STATUS_LIST(DOZO_X)
#undef DOZO_X
  }
#define DOZO_X(constant, value, name) \
  if (status == (constant)) return name;
  DOZO_RPC_STATUS_LIST(DOZO_X)
#undef DOZO_X
  return fmt::format("0x{:08X}", static_cast<std::uint32_t>(status));
}

}  // namespace dozo
