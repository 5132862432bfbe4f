// Makes a Codec from a message's struct. For the tables behind wire/messages.h.
#pragma once

#include "wire/messages.h"

namespace dozo::wire {

template <class M>
Codec message_codec() {
  return {M::kName,
          [](Bytes bytes) -> Result<std::string> {
            DOZO_TRY(const M message, decode<M>(bytes));
            return to_text(message);
          },
          [](Bytes bytes) -> Result<ByteVector> {
            DOZO_TRY(const M message, decode<M>(bytes));
            ByteWriter out;
            out.bytes(bytes.first(kHeaderSize));
            encode(message, out);
            return std::move(out).take();
          },
          [](Bytes bytes) -> Result<std::size_t> {
            DOZO_TRY(const M message, decode<M>(bytes));
            return kHeaderSize + encoded_size(message);
          }};
}

template <class M>
Codec plain_codec() {
  return {M::kName,
          [](Bytes bytes) -> Result<std::string> {
            DOZO_TRY(const M value, decode_plain<M>(bytes));
            return to_text(value);
          },
          [](Bytes bytes) -> Result<ByteVector> {
            DOZO_TRY(const M value, decode_plain<M>(bytes));
            return encode_plain(value);
          },
          [](Bytes bytes) -> Result<std::size_t> {
            DOZO_TRY(const M value, decode_plain<M>(bytes));
            return plain_size(value);
          }};
}

}  // namespace dozo::wire
