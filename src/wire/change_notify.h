// SMB2 CHANGE_NOTIFY and the records it answers with. [MS-SMB2] 2.2.35, 2.2.36; [MS-FSCC] 2.7.1.
#pragma once

#include <string>

#include "model/flags.h"
#include "wire/chain.h"
#include "wire/fields.h"

namespace dozo::wire {

enum class NotifyFlag : std::uint16_t { watch_tree = 0x0001 };
using NotifyFlags = Flags<NotifyFlag>;

enum class NotifyFilterBit : std::uint32_t {
  file_name = 0x00000001,
  dir_name = 0x00000002,
  attributes = 0x00000004,
  size = 0x00000008,
  last_write = 0x00000010,
  last_access = 0x00000020,
  creation = 0x00000040,
  ea = 0x00000080,
  security = 0x00000100,
  stream_name = 0x00000200,
  stream_size = 0x00000400,
  stream_write = 0x00000800,
};
using NotifyFilter = Flags<NotifyFilterBit>;
DOZO_FLAGS(NotifyFilterBit)

// [MS-SMB2] 2.2.35.
struct ChangeNotifyRequest {
  static constexpr std::string_view kName = "ChangeNotifyRequest";
  NotifyFlags flags;
  std::uint32_t output_buffer_length = 0;
  FileId file_id;
  NotifyFilter completion_filter;

  template <class V, class S>
  static constexpr void fields(V& v, S& self) {
    v.structure_size(32);
    v("flags", self.flags);
    v("output_buffer_length", self.output_buffer_length);
    v("file_id", self.file_id);
    v("completion_filter", self.completion_filter);
    v.reserved(4);
  }
};

// [MS-SMB2] 2.2.36.
struct ChangeNotifyResponse {
  static constexpr std::string_view kName = "ChangeNotifyResponse";
  Bytes output_buffer;  // a chain of FileNotifyInformation, 4-aligned

  template <class V, class S>
  static constexpr void fields(V& v, S& self) {
    v.structure_size(9);
    v.offset(u16);
    v.length(u32, "output_buffer", self.output_buffer);
    v.pad_empty_buffer();
  }
};

// [MS-FSCC] 2.7.1 Action.
enum class NotifyAction : std::uint32_t {
  added = 0x00000001,
  removed = 0x00000002,
  modified = 0x00000003,
  renamed_old_name = 0x00000004,
  renamed_new_name = 0x00000005,
  added_stream = 0x00000006,
  removed_stream = 0x00000007,
  modified_stream = 0x00000008,
  removed_by_delete = 0x00000009,
  id_not_tunnelled = 0x0000000A,
  tunnelled_id_collision = 0x0000000B,
};

inline constexpr std::size_t kNotifyAlignment = 4;

// [MS-FSCC] 2.7.1 FILE_NOTIFY_INFORMATION.
struct FileNotifyInformation {
  static constexpr std::string_view kName = "FileNotifyInformation";
  NotifyAction action = NotifyAction::added;
  std::u16string file_name;

  template <class V, class S>
  static constexpr void fields(V& v, S& self) {
    v.reserved(4);  // NextEntryOffset: wire/chain.h
    v("action", self.action);
    v.length_of(u32, self.file_name);
    v.sized("file_name", self.file_name);
  }
};

}  // namespace dozo::wire
