// Every SMB2 message by command and direction, behind plain functions: for traces, golden vectors and fuzzing.
// Code that handles one message uses its struct and decode<T>() instead.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "wire/header.h"

namespace dozo::wire {

struct Codec {
  std::string_view name;
  // The fields as one line; an error when malformed.
  Result<std::string> (*to_text)(Bytes bytes);
  // Decodes and encodes again.
  Result<ByteVector> (*recode)(Bytes bytes);
  // The size that encoding would have, by the Sizer.
  Result<std::size_t> (*size)(Bytes bytes);
};

struct MessageCodec {
  Command command;
  bool is_response;
  Codec codec;  // takes a message from its header on; recode keeps the header's bytes
};

// [MS-SMB2] 2.2, every command in both directions; OPLOCK_BREAK has several forms. ErrorResponse is separate.
std::span<const MessageCodec> message_codecs();
const Codec& error_response_codec();

// Structures that stand by themselves: contexts, information classes, FSCTL payloads, transform headers.
std::span<const Codec> plain_codecs();

// The codec for `message`, whose header has been decoded; nullptr for an unknown command, and for OPLOCK_BREAK when
// StructureSize fits none of its forms.
const Codec* find_codec(const Header& header, Bytes message);

// [MS-SMB2] 3.2.5.1: whether a response is in the form of 2.2.2 rather than its command's own.
bool is_error_form(const Header& header, Bytes message);

// Header and body of one message in one line; says so where it is malformed.
std::string message_to_text(Bytes message);

}  // namespace dozo::wire
