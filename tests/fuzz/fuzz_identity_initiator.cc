// A hostile server against the client's side of a logon: it may be believed or not, but it may not crash us.
#include <cstdint>

#include "base/bytes.h"
#include "identity/authenticator.h"
#include "identity/logon_for_tests.h"

namespace {

using namespace dozo;

void run_bare(identity::testing::Logon& logon, Bytes challenge) {
  const auto client = logon.initiator();
  static_cast<void>(client->step({}));
  static_cast<void>(client->step(challenge));
}

void run_spnego(identity::testing::Logon& logon, ByteReader in) {
  identity::SpnegoInitiator client(logon.initiator());
  static_cast<void>(client.step({}));
  while (in.remaining() > 0) {
    const Bytes token = in.bytes(in.u16());
    if (!in.ok() || !client.step(token)) return;
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static identity::testing::Logon logon;
  if (size == 0) return 0;
  const Bytes input(data + 1, size - 1);
  if (data[0] % 2 == 0) {
    run_bare(logon, input);
  } else {
    run_spnego(logon, ByteReader(input));
  }
  return 0;
}
