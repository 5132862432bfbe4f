#include "vfs/posix/share.h"

#include <linux/openat2.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>

#include <cerrno>

namespace dozo::vfs::posix {
namespace {

// f_type of statfs; 0: it cannot be told.
std::uint32_t file_system_of(int fd) {
  struct statfs status{};
  return fstatfs(fd, &status) == 0 ? static_cast<std::uint32_t>(status.f_type) : 0;
}

// File systems whose contents others change without this kernel knowing.
bool sees_all_changes(int fd) {
  constexpr std::uint32_t kRemote[] = {
      0x6969,      // NFS
      0xFF534D42,  // CIFS
      0xFE534D42,  // SMB2
      0x517B,      // SMB
      0x65735546,  // FUSE
      0x01021997,  // 9P
      0x00C36400,  // Ceph
      0x5346414F,  // AFS
      0x6B414653,  // kAFS
      0x0BD00BD0,  // Lustre
      0x47504653,  // GPFS
      0x7461636F,  // OCFS2
      0x01161970,  // GFS2
  };
  const std::uint32_t type = file_system_of(fd);
  return type != 0 && std::ranges::find(kRemote, type) == std::end(kRemote);
}

bool keeps_in_memory(int fd) {
  constexpr std::uint32_t kTmpfs = 0x01021994;
  constexpr std::uint32_t kRamfs = 0x858458F6;
  const std::uint32_t type = file_system_of(fd);
  return type == kTmpfs || type == kRamfs;
}

std::int64_t ns_of(const statx_timestamp& t) { return t.tv_sec * 1'000'000'000 + t.tv_nsec; }

}  // namespace

Share::Share(UniqueFd root_fd, const struct statx& status, const BackendOptions& options)
    : root(std::make_shared<PosixNode>(std::move(root_fd), id_of(status))),
      case_sensitive(options.case_sensitive),
      read_only(options.read_only),
      reliable_events(sees_all_changes(root->fd())),
      in_memory(keeps_in_memory(root->fd())),
      root_path(options.path) {}

Result<> Share::check_writable() const {
  if (read_only) return fail(NtStatus::MEDIA_WRITE_PROTECTED);
  return {};
}

Errno<UniqueFd> Share::open_beneath(int directory, const char* path, int flags, Wait wait, mode_t mode) const {
  struct open_how how{};
  how.flags = static_cast<std::uint64_t>(flags) | O_CLOEXEC;
  how.mode = mode;
  how.resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS;
  if (wait == Wait::no) {
    if (!can_resolve_cached) return std::unexpected(EAGAIN);
    how.resolve |= RESOLVE_CACHED;
  }
  // Without RESOLVE_CACHED, EAGAIN says that something moved while ".." was being walked.
  for (int attempt = 0; attempt < 8; ++attempt) {
    const long fd = syscall(SYS_openat2, directory, path, &how, sizeof how);
    if (fd >= 0) return UniqueFd(static_cast<int>(fd));
    if (errno == EINTR) continue;
    if (errno == EINVAL && wait == Wait::no) {
      can_resolve_cached = false;  // before Linux 5.12
      return std::unexpected(EAGAIN);
    }
    if (errno != EAGAIN || wait == Wait::no) return std::unexpected(errno);
  }
  return std::unexpected(EAGAIN);
}

Errno<struct statx> status_of_fd(int fd) {
  struct statx status;
  if (statx(fd, "", AT_EMPTY_PATH, STATX_BASIC_STATS | STATX_BTIME, &status) != 0) return std::unexpected(errno);
  return status;
}

Errno<struct statx> status_of_entry(int directory, const char* name) {
  struct statx status;
  if (statx(directory, name, AT_SYMLINK_NOFOLLOW, STATX_BASIC_STATS | STATX_BTIME, &status) != 0) {
    return std::unexpected(errno);
  }
  return status;
}

NodeId id_of(const struct statx& status) {
  return {makedev(status.stx_dev_major, status.stx_dev_minor), status.stx_ino};
}

NodeType type_of(std::uint32_t mode) {
  switch (mode & S_IFMT) {
    case S_IFDIR:
      return NodeType::directory;
    case S_IFLNK:
      return NodeType::symlink;
    case S_IFIFO:
      return NodeType::fifo;
    case S_IFSOCK:
      return NodeType::socket;
    case S_IFCHR:
      return NodeType::character_device;
    case S_IFBLK:
      return NodeType::block_device;
    default:
      return NodeType::file;
  }
}

NameCache::Directory directory_stamp(const Share& share, const struct statx& status) {
  NameCache::Directory directory;
  directory.id = id_of(status);
  directory.mtime_ns = ns_of(status.stx_mtime);
  directory.ctime_ns = ns_of(status.stx_ctime);
  // Another file system mounted beneath the root may be a remote one.
  directory.reliable_events = share.reliable_events && directory.id.device == share.root->id().device;
  return directory;
}

std::string join(std::span<const std::string> disk_path) {
  if (disk_path.empty()) return ".";
  std::string out = disk_path[0];
  for (const std::string& component : disk_path.subspan(1)) (out += '/') += component;
  return out;
}

}  // namespace dozo::vfs::posix
