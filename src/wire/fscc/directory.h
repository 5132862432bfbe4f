// The entries of QUERY_DIRECTORY. [MS-FSCC] 2.4. Chains, 8-aligned: ChainWriter appends them up to a limit.
// Assigning to file_name of one entry that is reused keeps its capacity, so listing allocates nothing per entry.
#pragma once

#include <string>
#include <string_view>

#include "model/file_attributes.h"
#include "wire/chain.h"
#include "wire/fields.h"

namespace dozo::wire {

// [MS-FSCC] 2.4.10.
struct FileDirectoryInformation {
  static constexpr std::string_view kName = "FileDirectoryInformation";
  std::uint32_t file_index = 0;
  FileTime creation_time;
  FileTime last_access_time;
  FileTime last_write_time;
  FileTime change_time;
  std::uint64_t end_of_file = 0;
  std::uint64_t allocation_size = 0;
  FileAttributes file_attributes;
  std::u16string file_name;
  template <class V, class S>
  static constexpr void fields(V& v, S& self) {
    v.reserved(4);
    v("file_index", self.file_index);
    v("creation_time", self.creation_time);
    v("last_access_time", self.last_access_time);
    v("last_write_time", self.last_write_time);
    v("change_time", self.change_time);
    v("end_of_file", self.end_of_file);
    v("allocation_size", self.allocation_size);
    v("file_attributes", self.file_attributes);
    v.length_of(u32, self.file_name);
    v.sized("file_name", self.file_name);
  }
};

// [MS-FSCC] 2.4.15. For a reparse point ea_size is its tag.
struct FileFullDirectoryInformation {
  static constexpr std::string_view kName = "FileFullDirectoryInformation";
  std::uint32_t file_index = 0;
  FileTime creation_time;
  FileTime last_access_time;
  FileTime last_write_time;
  FileTime change_time;
  std::uint64_t end_of_file = 0;
  std::uint64_t allocation_size = 0;
  FileAttributes file_attributes;
  std::uint32_t ea_size = 0;
  std::u16string file_name;
  template <class V, class S>
  static constexpr void fields(V& v, S& self) {
    v.reserved(4);
    v("file_index", self.file_index);
    v("creation_time", self.creation_time);
    v("last_access_time", self.last_access_time);
    v("last_write_time", self.last_write_time);
    v("change_time", self.change_time);
    v("end_of_file", self.end_of_file);
    v("allocation_size", self.allocation_size);
    v("file_attributes", self.file_attributes);
    v.length_of(u32, self.file_name);
    v("ea_size", self.ea_size);
    v.sized("file_name", self.file_name);
  }
};

// [MS-FSCC] 2.4.24.
struct FileIdFullDirectoryInformation {
  static constexpr std::string_view kName = "FileIdFullDirectoryInformation";
  std::uint32_t file_index = 0;
  FileTime creation_time;
  FileTime last_access_time;
  FileTime last_write_time;
  FileTime change_time;
  std::uint64_t end_of_file = 0;
  std::uint64_t allocation_size = 0;
  FileAttributes file_attributes;
  std::uint32_t ea_size = 0;
  std::uint64_t file_id = 0;
  std::u16string file_name;
  template <class V, class S>
  static constexpr void fields(V& v, S& self) {
    v.reserved(4);
    v("file_index", self.file_index);
    v("creation_time", self.creation_time);
    v("last_access_time", self.last_access_time);
    v("last_write_time", self.last_write_time);
    v("change_time", self.change_time);
    v("end_of_file", self.end_of_file);
    v("allocation_size", self.allocation_size);
    v("file_attributes", self.file_attributes);
    v.length_of(u32, self.file_name);
    v("ea_size", self.ea_size);
    v.reserved(4);
    v("file_id", self.file_id);
    v.sized("file_name", self.file_name);
  }
};

// [MS-FSCC] 2.4.8.
struct FileBothDirectoryInformation {
  static constexpr std::string_view kName = "FileBothDirectoryInformation";
  std::uint32_t file_index = 0;
  FileTime creation_time;
  FileTime last_access_time;
  FileTime last_write_time;
  FileTime change_time;
  std::uint64_t end_of_file = 0;
  std::uint64_t allocation_size = 0;
  FileAttributes file_attributes;
  std::uint32_t ea_size = 0;
  std::u16string short_name;  // at most 12 characters
  std::u16string file_name;
  template <class V, class S>
  static constexpr void fields(V& v, S& self) {
    v.reserved(4);
    v("file_index", self.file_index);
    v("creation_time", self.creation_time);
    v("last_access_time", self.last_access_time);
    v("last_write_time", self.last_write_time);
    v("change_time", self.change_time);
    v("end_of_file", self.end_of_file);
    v("allocation_size", self.allocation_size);
    v("file_attributes", self.file_attributes);
    v.length_of(u32, self.file_name);
    v("ea_size", self.ea_size);
    v.length_of(u8, self.short_name);
    v.reserved(1);
    v.padded("short_name", self.short_name, 24);
    v.sized("file_name", self.file_name);
  }
};

// [MS-FSCC] 2.4.22.
struct FileIdBothDirectoryInformation {
  static constexpr std::string_view kName = "FileIdBothDirectoryInformation";
  std::uint32_t file_index = 0;
  FileTime creation_time;
  FileTime last_access_time;
  FileTime last_write_time;
  FileTime change_time;
  std::uint64_t end_of_file = 0;
  std::uint64_t allocation_size = 0;
  FileAttributes file_attributes;
  std::uint32_t ea_size = 0;
  std::u16string short_name;  // at most 12 characters
  std::uint64_t file_id = 0;
  std::u16string file_name;
  template <class V, class S>
  static constexpr void fields(V& v, S& self) {
    v.reserved(4);
    v("file_index", self.file_index);
    v("creation_time", self.creation_time);
    v("last_access_time", self.last_access_time);
    v("last_write_time", self.last_write_time);
    v("change_time", self.change_time);
    v("end_of_file", self.end_of_file);
    v("allocation_size", self.allocation_size);
    v("file_attributes", self.file_attributes);
    v.length_of(u32, self.file_name);
    v("ea_size", self.ea_size);
    v.length_of(u8, self.short_name);
    v.reserved(1);
    v.padded("short_name", self.short_name, 24);
    v.reserved(2);
    v("file_id", self.file_id);
    v.sized("file_name", self.file_name);
  }
};

// [MS-FSCC] 2.4.33.
struct FileNamesInformation {
  static constexpr std::string_view kName = "FileNamesInformation";
  std::uint32_t file_index = 0;
  std::u16string file_name;
  template <class V, class S>
  static constexpr void fields(V& v, S& self) {
    v.reserved(4);
    v("file_index", self.file_index);
    v.length_of(u32, self.file_name);
    v.sized("file_name", self.file_name);
  }
};

// [MS-FSCC] 2.4.23.
struct FileIdExtdDirectoryInformation {
  static constexpr std::string_view kName = "FileIdExtdDirectoryInformation";
  std::uint32_t file_index = 0;
  FileTime creation_time;
  FileTime last_access_time;
  FileTime last_write_time;
  FileTime change_time;
  std::uint64_t end_of_file = 0;
  std::uint64_t allocation_size = 0;
  FileAttributes file_attributes;
  std::uint32_t ea_size = 0;
  std::uint32_t reparse_point_tag = 0;
  std::array<std::uint8_t, 16> file_id{};
  std::u16string file_name;
  template <class V, class S>
  static constexpr void fields(V& v, S& self) {
    v.reserved(4);
    v("file_index", self.file_index);
    v("creation_time", self.creation_time);
    v("last_access_time", self.last_access_time);
    v("last_write_time", self.last_write_time);
    v("change_time", self.change_time);
    v("end_of_file", self.end_of_file);
    v("allocation_size", self.allocation_size);
    v("file_attributes", self.file_attributes);
    v.length_of(u32, self.file_name);
    v("ea_size", self.ea_size);
    v("reparse_point_tag", self.reparse_point_tag);
    v("file_id", self.file_id);
    v.sized("file_name", self.file_name);
  }
};

// [MS-FSCC] 2.4.19.
struct FileId64ExtdDirectoryInformation {
  static constexpr std::string_view kName = "FileId64ExtdDirectoryInformation";
  std::uint32_t file_index = 0;
  FileTime creation_time;
  FileTime last_access_time;
  FileTime last_write_time;
  FileTime change_time;
  std::uint64_t end_of_file = 0;
  std::uint64_t allocation_size = 0;
  FileAttributes file_attributes;
  std::uint32_t ea_size = 0;
  std::uint32_t reparse_point_tag = 0;
  std::uint64_t file_id = 0;
  std::u16string file_name;
  template <class V, class S>
  static constexpr void fields(V& v, S& self) {
    v.reserved(4);
    v("file_index", self.file_index);
    v("creation_time", self.creation_time);
    v("last_access_time", self.last_access_time);
    v("last_write_time", self.last_write_time);
    v("change_time", self.change_time);
    v("end_of_file", self.end_of_file);
    v("allocation_size", self.allocation_size);
    v("file_attributes", self.file_attributes);
    v.length_of(u32, self.file_name);
    v("ea_size", self.ea_size);
    v("reparse_point_tag", self.reparse_point_tag);
    v("file_id", self.file_id);
    v.sized("file_name", self.file_name);
  }
};

}  // namespace dozo::wire
