#include "base/secret.h"

#include <string.h>

namespace dozo {

void wipe(MutableBytes memory) {
  if (!memory.empty()) explicit_bzero(memory.data(), memory.size());
}

}  // namespace dozo
