#include "base/secret.h"

#include <string.h>

namespace dozo {

void wipe(MutableBytes memory) { explicit_bzero(memory.data(), memory.size()); }

}  // namespace dozo
