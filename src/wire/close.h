// SMB2 CLOSE. [MS-SMB2] 2.2.15, 2.2.16.
#pragma once

#include "model/file_attributes.h"
#include "model/flags.h"
#include "wire/fields.h"

namespace dozo::wire {

enum class CloseFlag : std::uint16_t { postquery_attrib = 0x0001 };
using CloseFlags = Flags<CloseFlag>;

// [MS-SMB2] 2.2.15.
struct CloseRequest {
  static constexpr std::string_view kName = "CloseRequest";
  CloseFlags flags;
  FileId file_id;

  template <class V, class S>
  static constexpr void fields(V& v, S& self) {
    v.structure_size(24);
    v("flags", self.flags);
    v.reserved(4);
    v("file_id", self.file_id);
  }
};

// [MS-SMB2] 2.2.16.
struct CloseResponse {
  static constexpr std::string_view kName = "CloseResponse";
  CloseFlags flags;
  FileTime creation_time;
  FileTime last_access_time;
  FileTime last_write_time;
  FileTime change_time;
  std::uint64_t allocation_size = 0;
  std::uint64_t end_of_file = 0;
  FileAttributes file_attributes;

  template <class V, class S>
  static constexpr void fields(V& v, S& self) {
    v.structure_size(60);
    v("flags", self.flags);
    v.reserved(4);
    v("creation_time", self.creation_time);
    v("last_access_time", self.last_access_time);
    v("last_write_time", self.last_write_time);
    v("change_time", self.change_time);
    v("allocation_size", self.allocation_size);
    v("end_of_file", self.end_of_file);
    v("file_attributes", self.file_attributes);
  }
};

}  // namespace dozo::wire
