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

// A change time that a client has set, which no file system can be told to keep. It stands for the time that the file
// system noted when this record was written, at `written_ns` of the wall clock: whatever touches the object later
// makes that another one, and the record void.
struct KeptChangeTime {
  FileTime time;
  std::int64_t written_ns = 0;

  // `ctime_ns`: when the file system says that the object was changed last. A file system may stamp with a clock that
  // moves once in a tick, of up to 10 ms.
  bool stands_for(std::int64_t ctime_ns) const;
};

struct DosAttributes {
  std::optional<FileAttributes> attributes;
  std::optional<FileTime> creation_time;
  std::optional<KeptChangeTime> change_time;  // ours alone, behind what smbd reads
};

// nullopt: not a record that we know.
std::optional<DosAttributes> decode_dos_attributes(Bytes blob);
// Version 5, what smbd 4.17 and later write. smbd ignores what lies behind it: there a change time has its place.
ByteVector encode_dos_attributes(FileAttributes attributes, FileTime creation_time,
                                 const std::optional<KeptChangeTime>& change_time = std::nullopt);

}  // namespace dozo::vfs::posix
