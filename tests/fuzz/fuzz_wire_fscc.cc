// Information classes, FSCTL payloads and contexts: the first byte selects the structure. And their lists.
#include "tests/fuzz/wire_fuzz.h"
#include "wire/change_notify.h"
#include "wire/error.h"
#include "wire/fscc/directory.h"
#include "wire/fscc/ea.h"
#include "wire/fscc/fsctl.h"
#include "wire/fscc/reparse.h"
#include "wire/fscc/stream.h"

namespace {

template <class M>
void chain_round_trip(dozo::Bytes list, std::size_t alignment) {
  const auto entries = dozo::wire::decode_chain<M>(list, alignment);
  if (!entries) return;
  dozo::ByteWriter out;
  dozo::wire::encode_chain(*entries, out, alignment);
  const auto again = dozo::wire::decode_chain<M>(out.view(), alignment);
  dozo::fuzz::check(again && again->size() == entries->size());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace dozo;
  if (size == 0) return 0;
  const auto codecs = wire::plain_codecs();
  const Bytes input(data + 1, size - 1);
  fuzz::round_trip(codecs[data[0] % codecs.size()], input);

  chain_round_trip<wire::FileIdBothDirectoryInformation>(input, 8);
  chain_round_trip<wire::FileStreamInformation>(input, 8);
  chain_round_trip<wire::FileFullEaInformation>(input, wire::kEaAlignment);
  chain_round_trip<wire::FileNotifyInformation>(input, wire::kNotifyAlignment);
  chain_round_trip<wire::NetworkInterfaceInfo>(input, 8);
  static_cast<void>(wire::decode_symlink_data(input));
  static_cast<void>(wire::decode_symlink_error(input));
  static_cast<void>(wire::decode_error_contexts(input, data[0]));
  return 0;
}
