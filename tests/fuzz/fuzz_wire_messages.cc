// Every SMB2 request and response: the header selects one, as on a connection; and each codec on its own.
#include "tests/fuzz/wire_fuzz.h"
#include "wire/tree_connect.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace dozo;
  Bytes frame(data, size);
  for (auto element = wire::split_compound(frame); element; element = wire::split_compound(frame)) {
    const Bytes message = element->message;
    const auto header = wire::decode_header(message);
    if (const wire::Codec* codec = header ? wire::find_codec(*header, message) : nullptr) {
      fuzz::round_trip(*codec, message);
    }
    if (wire::message_to_text(message).empty()) return 1;
    static_cast<void>(wire::decode_tree_connect_contexts(message));
    frame = element->rest;
  }
  return 0;
}
