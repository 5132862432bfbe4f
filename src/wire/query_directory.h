// SMB2 QUERY_DIRECTORY. [MS-SMB2] 2.2.33, 2.2.34. The entries are in wire/fscc/directory.h.
#pragma once

#include "model/flags.h"
#include "wire/fields.h"
#include "wire/info_class.h"

namespace dozo::wire {

enum class QueryDirectoryFlag : std::uint8_t {
  restart_scans = 0x01,
  return_single_entry = 0x02,
  index_specified = 0x04,
  reopen = 0x10,
};
using QueryDirectoryFlags = Flags<QueryDirectoryFlag>;
DOZO_FLAGS(QueryDirectoryFlag)

// [MS-SMB2] 2.2.33.
struct QueryDirectoryRequest {
  static constexpr std::string_view kName = "QueryDirectoryRequest";
  FileInfoClass file_information_class = FileInfoClass::directory;
  QueryDirectoryFlags flags;
  std::uint32_t file_index = 0;
  FileId file_id;
  std::u16string file_name;  // the search pattern
  std::uint32_t output_buffer_length = 0;

  template <class V, class S>
  static constexpr void fields(V& v, S& self) {
    v.structure_size(33);
    v("file_information_class", self.file_information_class);
    v("flags", self.flags);
    v("file_index", self.file_index);
    v("file_id", self.file_id);
    v.offset(u16);
    v.length(u16, "file_name", self.file_name, {.when_empty = EmptyOffset::end_of_fixed_part});
    v("output_buffer_length", self.output_buffer_length);
    v.pad_empty_buffer();
  }
};

// [MS-SMB2] 2.2.34.
struct QueryDirectoryResponse {
  static constexpr std::string_view kName = "QueryDirectoryResponse";
  Bytes output_buffer;

  template <class V, class S>
  static constexpr void fields(V& v, S& self) {
    v.structure_size(9);
    v.offset(u16);
    v.length(u32, "output_buffer", self.output_buffer, {.when_empty = EmptyOffset::end_of_fixed_part});
  }
};

}  // namespace dozo::wire
