// SMB2 WRITE. [MS-SMB2] 2.2.21, 2.2.22.
#pragma once

#include "wire/read.h"

namespace dozo::wire {

enum class WriteFlag : std::uint32_t { write_through = 0x00000001, unbuffered = 0x00000002 };
using WriteFlags = Flags<WriteFlag>;
DOZO_FLAGS(WriteFlag)

// [MS-SMB2] 2.2.21. `length` is data.size(), except over RDMA, which dozo does not speak.
struct WriteRequest {
  static constexpr std::string_view kName = "WriteRequest";
  Bytes data;
  std::uint64_t offset = 0;
  FileId file_id;
  Channel channel = Channel::none;
  std::uint32_t remaining_bytes = 0;
  Bytes write_channel_info;
  WriteFlags flags;

  template <class V, class S>
  static constexpr void fields(V& v, S& self) {
    v.structure_size(49);
    v.offset(u16);
    v.length(u32, "data", self.data, {.when_empty = EmptyOffset::end_of_fixed_part});
    v("offset", self.offset);
    v("file_id", self.file_id);
    v("channel", self.channel);
    v("remaining_bytes", self.remaining_bytes);
    v.offset(u16);
    v.length(u16, "write_channel_info", self.write_channel_info);
    v("flags", self.flags);
    v.pad_empty_buffer();
  }
};

// [MS-SMB2] 2.2.22.
struct WriteResponse {
  static constexpr std::string_view kName = "WriteResponse";
  std::uint32_t count = 0;
  std::uint32_t remaining = 0;

  template <class V, class S>
  static constexpr void fields(V& v, S& self) {
    v.structure_size(17);
    v.reserved(2);
    v("count", self.count);
    v("remaining", self.remaining);
    v.reserved(2);  // WriteChannelInfoOffset
    v.reserved(2);  // WriteChannelInfoLength
  }
};

}  // namespace dozo::wire
