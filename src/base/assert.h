// DOZO_ASSERT: for programmer errors only, on in release. What a peer sends is never asserted.
#pragma once

namespace dozo {

[[noreturn]] void assertion_failed(const char* expression, const char* file, int line);

}  // namespace dozo

#define DOZO_ASSERT(expr) \
  ((expr) ? static_cast<void>(0) : ::dozo::assertion_failed(#expr, __FILE_NAME__, __LINE__))
