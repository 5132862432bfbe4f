// A client and a server whose answers the input bends: tests/client/bent_server.h.
#include "tests/client/bent_server.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static_cast<void>(dozo::client::testing::run_against_bent_server(dozo::Bytes(data, size)));
  return 0;
}
