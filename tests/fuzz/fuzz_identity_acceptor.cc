// A peer without a password against the server's side of a logon: nothing it sends may crash us, or be accepted.
#include <cstdint>

#include "base/bytes.h"
#include "identity/authenticator.h"
#include "identity/logon_for_tests.h"

namespace {

using namespace dozo;

identity::SpnegoAcceptor make_acceptor(identity::testing::Logon& logon) {
  std::vector<std::unique_ptr<identity::Mechanism>> mechanisms;
  mechanisms.push_back(logon.acceptor());
  return identity::SpnegoAcceptor(std::move(mechanisms));
}

// The server must refuse or go on; it must never be done, and a refusal must have a reason.
bool goes_on(identity::SpnegoAcceptor& acceptor, Bytes token) {
  const auto step = acceptor.step(token);
  if (step) {
    if (step->done) __builtin_trap();
    return true;
  }
  if (acceptor.report().refusal == identity::Refusal::none) __builtin_trap();
  return false;
}

// Tokens with a length of 16 bits before each.
void run_dialogue(identity::testing::Logon& logon, ByteReader in) {
  identity::SpnegoAcceptor acceptor = make_acceptor(logon);
  while (in.remaining() > 0) {
    const Bytes token = in.bytes(in.u16());
    if (!in.ok() || !goes_on(acceptor, token)) return;
  }
}

// The input as the second token, after a first one that is in order: bare, or within SPNEGO.
void run_second_token(identity::testing::Logon& logon, Bytes input, bool bare) {
  identity::SpnegoAcceptor acceptor = make_acceptor(logon);
  identity::SpnegoInitiator initiator(logon.initiator());
  const ByteVector first = bare ? logon.initiator()->step({})->token : initiator.step({})->token;
  if (!goes_on(acceptor, first)) __builtin_trap();
  goes_on(acceptor, input);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static identity::testing::Logon logon;
  if (size == 0) return 0;
  const Bytes input(data + 1, size - 1);
  switch (data[0] % 3) {
    case 0:
      run_dialogue(logon, ByteReader(input));
      break;
    case 1:
      run_second_token(logon, input, true);
      break;
    default:
      run_second_token(logon, input, false);
      break;
  }
  return 0;
}
