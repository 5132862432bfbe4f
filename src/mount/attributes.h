// What a share says of a file, as this machine's programs want it. Pure.
#pragma once

#include <sys/stat.h>
#include <sys/statvfs.h>

#include "client/files.h"
#include "wire/fscc/file_system.h"

namespace dozo::mount {

// Whose everything is, and what is never allowed.
struct Owner {
  uid_t uid = 0;
  gid_t gid = 0;
  mode_t mask = 022;  // of permissions that nobody has
};

// Types are folders, symbolic links and regular files; permissions those of a share that knows no modes: all but the
// mask's, and none to write where the server says read-only.
struct stat stat_of(const client::DirectoryEntry& entry, std::uint64_t inode, const Owner& owner);
bool is_symlink(const client::DirectoryEntry& entry);

struct statvfs statvfs_of(const wire::FileFsFullSizeInformation& space);

FileTime file_time_of(const timespec& time);

}  // namespace dozo::mount
