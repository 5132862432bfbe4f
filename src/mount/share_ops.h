// What a file system asks of a share, each in as few round trips as there can be. Paths as in client/files.h.
#pragma once

#include <optional>
#include <string>

#include "client/files.h"
#include "client/link.h"
#include "wire/fscc/file_system.h"

namespace dozo::mount {

using client::Link;

// Of the name itself, not of where a link leads; `reparse_tag` is filled in for reparse points.
runtime::Task<Result<client::DirectoryEntry>> look_at(Link& link, std::string path);

// What is not to be done twice. When the connection was lost, nobody knows whether it was done: it is tried again, and
// then `done` is no error, for it says that the first time it was.
runtime::Task<Result<>> make_folder(Link& link, std::string path);
runtime::Task<Result<>> remove_name(Link& link, std::string path, bool folder);
runtime::Task<Result<>> move(Link& link, std::string from, std::string to, bool replace);

runtime::Task<Result<>> set_size(Link& link, std::string path, std::uint64_t size);
// Zero times and empty attributes stay as they are.
struct Basics {
  FileTime last_access_time;
  FileTime last_write_time;
  FileAttributes attributes;
  ByteVector information() const;
};
runtime::Task<Result<>> set_basics(Link& link, std::string path, Basics basics);

// A symbolic link's target, with '/'.
runtime::Task<Result<std::string>> read_link(Link& link, std::string path);
// STATUS_NOT_SUPPORTED where the server has no reparse points.
runtime::Task<Result<>> make_link(Link& link, std::string path, std::string target);

runtime::Task<Result<wire::FileFsFullSizeInformation>> space_of(Link& link);

}  // namespace dozo::mount
