// The only SMB1 message dozo reads.
#include "tests/fuzz/wire_fuzz.h"
#include "wire/smb1_negotiate.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace dozo;
  const auto request = wire::decode_smb1_negotiate(Bytes(data, size));
  if (!request) return 0;
  ByteWriter out;
  wire::encode_smb1_negotiate(*request, out);
  const auto again = wire::decode_smb1_negotiate(out.view());
  fuzz::check(again && again->dialects == request->dialects);
  return 0;
}
