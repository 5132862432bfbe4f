// What the wire fuzzers share: decode, and hold that what decodes survives encoding and decoding again.
#pragma once

#include <cstdlib>

#include "wire/messages.h"

namespace dozo::fuzz {

inline void check(bool condition) {
  if (!condition) std::abort();
}

// What a codec accepts it must encode, to the size it announced, and to something that decodes to the same text and
// encodes to the same bytes.
inline void round_trip(const wire::Codec& codec, Bytes input) {
  const auto text = codec.to_text(input);
  const auto encoded = codec.recode(input);
  check(text.has_value() == encoded.has_value());
  if (!text) return;
  check(codec.size(input) == encoded->size());
  check(codec.to_text(*encoded) == text);
  check(codec.recode(*encoded) == encoded);
}

}  // namespace dozo::fuzz
