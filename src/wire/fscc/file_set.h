// The file information classes that only SET_INFO takes. [MS-FSCC] 2.4.
#pragma once

#include <string>
#include <string_view>

#include "model/flags.h"
#include "wire/fields.h"

namespace dozo::wire {

enum class RenameFlag : std::uint32_t {
  replace_if_exists = 0x00000001,
  posix_semantics = 0x00000002,
  suppress_pin_state_inheritance = 0x00000004,
  ignore_read_only_attribute = 0x00000040,
};
using RenameFlags = Flags<RenameFlag>;
DOZO_FLAGS(RenameFlag)

enum class DispositionFlag : std::uint32_t {
  delete_file = 0x00000001,
  posix_semantics = 0x00000002,
  force_image_section_check = 0x00000004,
  on_close = 0x00000008,
  ignore_read_only_attribute = 0x00000010,
};
using DispositionFlags = Flags<DispositionFlag>;
DOZO_FLAGS(DispositionFlag)

// [MS-FSCC] 2.4.42.2, the SMB2 form. FileLinkInformation, 2.4.28.2, has the same layout.
struct FileRenameInformation {
  static constexpr std::string_view kName = "FileRenameInformation";
  bool replace_if_exists = false;
  std::uint64_t root_directory = 0;
  std::u16string file_name;
  template <class V, class S>
  static constexpr void fields(V& v, S& self) {
    v("replace_if_exists", self.replace_if_exists);
    v.reserved(7);
    v("root_directory", self.root_directory);
    v.length_of(u32, self.file_name);
    v.sized("file_name", self.file_name);
  }
};

using FileLinkInformation = FileRenameInformation;

// [MS-FSCC] 2.4.43.
struct FileRenameInformationEx {
  static constexpr std::string_view kName = "FileRenameInformationEx";
  RenameFlags flags;
  std::uint64_t root_directory = 0;
  std::u16string file_name;
  template <class V, class S>
  static constexpr void fields(V& v, S& self) {
    v("flags", self.flags);
    v.reserved(4);
    v("root_directory", self.root_directory);
    v.length_of(u32, self.file_name);
    v.sized("file_name", self.file_name);
  }
};

// [MS-FSCC] 2.4.11.
struct FileDispositionInformation {
  static constexpr std::string_view kName = "FileDispositionInformation";
  bool delete_pending = false;
  template <class V, class S>
  static constexpr void fields(V& v, S& self) {
    v("delete_pending", self.delete_pending);
  }
};

// [MS-FSCC] 2.4.12.
struct FileDispositionInformationEx {
  static constexpr std::string_view kName = "FileDispositionInformationEx";
  DispositionFlags flags;
  template <class V, class S>
  static constexpr void fields(V& v, S& self) {
    v("flags", self.flags);
  }
};

// [MS-FSCC] 2.4.4.
struct FileAllocationInformation {
  static constexpr std::string_view kName = "FileAllocationInformation";
  std::uint64_t allocation_size = 0;
  template <class V, class S>
  static constexpr void fields(V& v, S& self) {
    v("allocation_size", self.allocation_size);
  }
};

// [MS-FSCC] 2.4.14.
struct FileEndOfFileInformation {
  static constexpr std::string_view kName = "FileEndOfFileInformation";
  std::uint64_t end_of_file = 0;
  template <class V, class S>
  static constexpr void fields(V& v, S& self) {
    v("end_of_file", self.end_of_file);
  }
};

// [MS-FSCC] 2.4.50.
struct FileValidDataLengthInformation {
  static constexpr std::string_view kName = "FileValidDataLengthInformation";
  std::uint64_t valid_data_length = 0;
  template <class V, class S>
  static constexpr void fields(V& v, S& self) {
    v("valid_data_length", self.valid_data_length);
  }
};

// [MS-FSCC] 2.4.46.
struct FileShortNameInformation {
  static constexpr std::string_view kName = "FileShortNameInformation";
  std::u16string file_name;
  template <class V, class S>
  static constexpr void fields(V& v, S& self) {
    v.length_of(u32, self.file_name);
    v.sized("file_name", self.file_name);
  }
};

}  // namespace dozo::wire
