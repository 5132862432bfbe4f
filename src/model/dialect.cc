#include "model/dialect.h"

namespace dozo {

std::string_view to_string(Dialect dialect) {
  switch (dialect) {
    case Dialect::smb_2_0_2: return "2.0.2";
    case Dialect::smb_2_1: return "2.1";
    case Dialect::smb_3_0: return "3.0";
    case Dialect::smb_3_0_2: return "3.0.2";
    case Dialect::smb_3_1_1: return "3.1.1";
  }
  return "?";
}

std::optional<Dialect> dialect_from_string(std::string_view name) {
  for (const Dialect d : kAllDialects) {
    if (to_string(d) == name) return d;
  }
  return std::nullopt;
}

}  // namespace dozo
