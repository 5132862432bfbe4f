#include "model/nt_status.h"

#include <fmt/format.h>

namespace dozo {

std::string to_string(NtStatus status) {
  switch (status) {
#define DOZO_X(name, value) \
  case NtStatus::name:      \
    return "STATUS_" #name;
    DOZO_NT_STATUS_LIST(DOZO_X)
#undef DOZO_X
  }
  return fmt::format("0x{:08X}", static_cast<std::uint32_t>(status));
}

}  // namespace dozo
