// SPNEGO tokens in both directions.
#include "tests/fuzz/wire_fuzz.h"
#include "wire/spnego.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace dozo;
  const Bytes input(data, size);
  static_cast<void>(wire::token_kind(input));
  if (const auto init = wire::decode_neg_token_init(input)) {
    const ByteVector again = wire::encode_neg_token_init(*init);
    const auto decoded = wire::decode_neg_token_init(again);
    fuzz::check(decoded && decoded->mech_types.size() == init->mech_types.size());
    fuzz::check(decoded->mech_token.has_value() == init->mech_token.has_value());
  }
  if (const auto response = wire::decode_neg_token_resp(input)) {
    // Strict DER with every field typed: there is one encoding.
    const ByteVector again = wire::encode_neg_token_resp(*response);
    fuzz::check(again == ByteVector(input.begin(), input.end()));
  }
  return 0;
}
