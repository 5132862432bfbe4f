// SMB2 READ. [MS-SMB2] 2.2.19, 2.2.20.
#pragma once

#include "model/flags.h"
#include "wire/fields.h"

namespace dozo::wire {

enum class ReadFlag : std::uint8_t { unbuffered = 0x01, request_compressed = 0x02 };
using ReadFlags = Flags<ReadFlag>;
DOZO_FLAGS(ReadFlag)

// [MS-SMB2] 2.2.19 Channel.
enum class Channel : std::uint32_t { none = 0, rdma_v1 = 1, rdma_v1_invalidate = 2, rdma_transform = 3 };

// [MS-SMB2] 2.2.19.
struct ReadRequest {
  static constexpr std::string_view kName = "ReadRequest";
  std::uint8_t padding = 0x50;  // where the response's data shall begin; a server may ignore it
  ReadFlags flags;
  std::uint32_t length = 0;
  std::uint64_t offset = 0;
  FileId file_id;
  std::uint32_t minimum_count = 0;
  Channel channel = Channel::none;
  std::uint32_t remaining_bytes = 0;
  Bytes read_channel_info;

  template <class V, class S>
  static constexpr void fields(V& v, S& self) {
    v.structure_size(49);
    v("padding", self.padding);
    v("flags", self.flags);
    v("length", self.length);
    v("offset", self.offset);
    v("file_id", self.file_id);
    v("minimum_count", self.minimum_count);
    v("channel", self.channel);
    v("remaining_bytes", self.remaining_bytes);
    v.offset(u16);
    v.length(u16, "read_channel_info", self.read_channel_info);
    v.pad_empty_buffer();
  }
};

// [MS-SMB2] 2.2.20. A server that reads into its reply writes kReadResponseFixedSize bytes with
// store_read_response and the data behind them, at offset 80 from the header.
struct ReadResponse {
  static constexpr std::string_view kName = "ReadResponse";
  Bytes data;
  std::uint32_t data_remaining = 0;
  std::uint32_t flags = 0;  // SMB2_READFLAG_RESPONSE_RDMA_TRANSFORM = 1, 3.1.1 only

  template <class V, class S>
  static constexpr void fields(V& v, S& self) {
    v.structure_size(17);
    v.offset(u8);
    v.reserved(1);
    v.length(u32, "data", self.data, {.when_empty = EmptyOffset::end_of_fixed_part});
    v("data_remaining", self.data_remaining);
    v("flags", self.flags);
  }
};

inline constexpr std::size_t kReadResponseFixedSize = 16;

// The fixed part for `data_length` bytes that follow it, after `padding` bytes (of zero). Precondition: to.size()
// >= 16.
inline void store_read_response(std::uint32_t data_length, MutableBytes to, std::uint8_t padding = 0) {
  DOZO_ASSERT(to.size() >= kReadResponseFixedSize);
  store_le(&to[0], std::uint16_t{17});
  store_le(&to[2], static_cast<std::uint16_t>(kHeaderSize + kReadResponseFixedSize + padding));  // DataOffset, Reserved
  store_le(&to[4], data_length);
  store_le(&to[8], std::uint64_t{0});
}

}  // namespace dozo::wire
