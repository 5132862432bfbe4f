// Whole files in one round trip: CREATE, the data, and CLOSE in one frame. For what fits in one credit.
#pragma once

#include "client/files.h"

namespace dozo::client {

// With names of ordinary length the frame stays within the 64 KiB that every server takes.
inline constexpr std::size_t kSmallFileMax = 48 * 1024;

struct SmallFile {
  DirectoryEntry entry;  // without its name and file_id
  ByteVector content;    // the first kSmallFileMax bytes of it at most
  bool is_whole() const { return content.size() == entry.size; }
};
runtime::Task<Result<SmallFile>> read_small_file(Tree& tree, std::string path);

struct SmallFileOptions {
  CreateDisposition disposition = CreateDisposition::overwrite_if;
  std::optional<FileTime> last_write_time;  // none: now
  bool flush = false;                       // answered when it is on the server's disk
};
// At most kSmallFileMax bytes. `content` outlives the call.
runtime::Task<Result<>> write_small_file(Tree& tree, std::string path, Bytes content, SmallFileOptions options = {});

// Sets the time of the last write of a file or directory.
runtime::Task<Result<>> set_last_write_time(Tree& tree, std::string path, FileTime time);
// The information for File::set_info that sets it.
ByteVector last_write_time_information(FileTime time);

}  // namespace dozo::client
