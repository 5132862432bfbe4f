// The record of Windows attributes and creation time in the extended attribute "user.DOSATTRIB", as smbd reads and
// writes it (an NDR blob, versions 1 to 5 are in use). Blobs are hostile: whoever owns the file wrote them.
#pragma once

#include <optional>

#include "base/bytes.h"
#include "model/file_attributes.h"
#include "model/file_time.h"

namespace dozo::vfs::posix {

inline constexpr const char* kDosAttributesName = "user.DOSATTRIB";
inline constexpr std::size_t kDosAttributesMax = 512;  // bytes; a longer blob is no record

struct DosAttributes {
  std::optional<FileAttributes> attributes;
  std::optional<FileTime> creation_time;
};

// nullopt: not a record that we know.
std::optional<DosAttributes> decode_dos_attributes(Bytes blob);
// Version 5, what smbd 4.17 and later write.
ByteVector encode_dos_attributes(FileAttributes attributes, FileTime creation_time);

}  // namespace dozo::vfs::posix
