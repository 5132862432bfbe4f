// Framing, encryption and compression headers.
#include "tests/fuzz/wire_fuzz.h"
#include "wire/framing.h"
#include "wire/transform.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace dozo;
  const Bytes input(data, size);
  if (const auto length = wire::decode_frame_prefix(input)) {
    fuzz::check(wire::decode_frame_prefix(wire::encode_frame_prefix(*length)) == length);
  }
  if (const auto packet = wire::decode_session_packet(input)) {
    fuzz::check(wire::decode_session_packet(wire::encode_session_packet(*packet))->length == packet->length);
  }
  static_cast<void>(wire::frame_kind(input));
  static_cast<void>(wire::decode_transform_header(input));
  if (const auto message = wire::decode_compressed(input)) {
    ByteWriter out;
    wire::encode_compressed(*message, out);
    const auto again = wire::decode_compressed(out.view());
    fuzz::check(again && again->parts.size() == message->parts.size() && again->total_size() == message->total_size());
  }
  return 0;
}
