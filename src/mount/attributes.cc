#include "mount/attributes.h"

#include <algorithm>

#include "wire/fscc/reparse.h"

namespace dozo::mount {
namespace {

constexpr mode_t kWriting = 0222;
constexpr long kNameMax = 255;  // [MS-FSCC] 2.1.5.2

timespec timespec_of(FileTime time) {
  const FileTime::Unix at = time.to_unix();
  return {.tv_sec = at.seconds, .tv_nsec = at.ns};
}

}  // namespace

bool is_symlink(const client::DirectoryEntry& entry) {
  return entry.attributes.has(FileAttribute::reparse_point) && entry.reparse_tag == wire::kReparseTagSymlink;
}

struct stat stat_of(const client::DirectoryEntry& entry, std::uint64_t inode, const Owner& owner) {
  struct stat out{};
  out.st_ino = inode;
  out.st_nlink = 1;  // of a folder: nobody counts what is in it
  out.st_uid = owner.uid;
  out.st_gid = owner.gid;
  mode_t allowed = 0777 & ~owner.mask;
  if (entry.attributes.has(FileAttribute::read_only) && !entry.is_directory()) allowed &= ~kWriting;
  if (is_symlink(entry)) {
    out.st_mode = S_IFLNK | 0777;
  } else {
    out.st_mode = (entry.is_directory() ? S_IFDIR : S_IFREG) | allowed;
  }
  // What a server claims is bounded by what an offset can be.
  out.st_size = static_cast<off_t>(std::min<std::uint64_t>(entry.size, INT64_MAX));
  if (entry.is_directory()) out.st_size = 0;
  out.st_blocks = static_cast<blkcnt_t>(std::min<std::uint64_t>(entry.allocation_size, INT64_MAX) / 512);
  out.st_blksize = 1024 * 1024;
  out.st_atim = timespec_of(entry.last_access_time);
  out.st_mtim = timespec_of(entry.last_write_time);
  out.st_ctim = timespec_of(entry.change_time.ticks != 0 ? entry.change_time : entry.last_write_time);
  return out;
}

struct statvfs statvfs_of(const wire::FileFsFullSizeInformation& space) {
  struct statvfs out{};
  const std::uint64_t unit = std::uint64_t{space.sectors_per_allocation_unit} * space.bytes_per_sector;
  out.f_bsize = out.f_frsize = std::clamp<std::uint64_t>(unit, 512, 1u << 30);
  out.f_blocks = space.total_allocation_units;
  out.f_bfree = space.actual_available_allocation_units;
  out.f_bavail = space.caller_available_allocation_units;
  out.f_namemax = kNameMax;
  return out;
}

FileTime file_time_of(const timespec& time) {
  return FileTime::from_unix(time.tv_sec, static_cast<std::uint32_t>(time.tv_nsec));
}

}  // namespace dozo::mount
