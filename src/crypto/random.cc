#include "crypto/random.h"

#include <errno.h>
#include <sys/random.h>

#include "base/assert.h"

namespace dozo::crypto {

void fill_random(MutableBytes out) {
  while (!out.empty()) {
    const ssize_t n = getrandom(out.data(), out.size(), 0);
    if (n < 0) {
      // Only a signal may interrupt it; a machine without a generator must not run a server.
      DOZO_ASSERT(errno == EINTR);
      continue;
    }
    out = out.subspan(static_cast<std::size_t>(n));
  }
}

}  // namespace dozo::crypto
