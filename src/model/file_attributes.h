// FileAttributes. [MS-FSCC] 2.6.
#pragma once

#include <cstdint>

#include "model/flags.h"

namespace dozo {

enum class FileAttribute : std::uint32_t {
  read_only = 0x00000001,
  hidden = 0x00000002,
  system = 0x00000004,
  directory = 0x00000010,
  archive = 0x00000020,
  normal = 0x00000080,
  temporary = 0x00000100,
  sparse_file = 0x00000200,
  reparse_point = 0x00000400,
  compressed = 0x00000800,
  offline = 0x00001000,
  not_content_indexed = 0x00002000,
  encrypted = 0x00004000,
  integrity_stream = 0x00008000,
  no_scrub_data = 0x00020000,
};
using FileAttributes = Flags<FileAttribute>;
DOZO_FLAGS(FileAttribute)

// The bits a client may set; the rest describe what the file is. [MS-FSA] 2.1.5.15.2.
inline constexpr FileAttributes kSettableAttributes = FileAttributes::from_wire(0x00003127);

// FILE_ATTRIBUTE_NORMAL stands for "none" and only alone. [MS-FSCC] 2.6.
constexpr FileAttributes or_normal(FileAttributes a) {
  const FileAttributes rest = a.without(FileAttribute::normal);
  return rest.empty() ? FileAttributes(FileAttribute::normal) : rest;
}

}  // namespace dozo
