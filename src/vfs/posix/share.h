// Share: what the parts of one posix volume have in common: the root, how to open beneath it, what the file system
// turned out to support.
#pragma once

#include <fcntl.h>
#include <sys/stat.h>

#include <atomic>
#include <memory>

#include "base/result.h"
#include "vfs/backends.h"
#include "vfs/posix/errno_map.h"
#include "vfs/posix/fd.h"
#include "vfs/posix/inline_guard.h"
#include "vfs/posix/name_cache.h"
#include "vfs/posix/record_cache.h"
#include "vfs/posix/xattrs.h"
#include "vfs/volume.h"

namespace dozo::vfs::posix {

// An O_PATH descriptor and whose it is.
class PosixNode final : public Node {
 public:
  PosixNode(UniqueFd fd, NodeId id) : fd_(std::move(fd)), id_(id) {}
  NodeId id() const override { return id_; }
  int fd() const { return fd_.get(); }

 private:
  UniqueFd fd_;
  NodeId id_;
};
using PosixNodeRef = std::shared_ptr<const PosixNode>;
inline const PosixNode& posix_node(const Node& node) { return static_cast<const PosixNode&>(node); }
inline int fd_of(const NodeRef& node) { return posix_node(*node).fd(); }

// The descriptor of an open: its own, or, for one that only looks at the object, that of the node it was found by.
class OpenFd {
 public:
  explicit OpenFd(UniqueFd own) : own_(std::move(own)) {}
  explicit OpenFd(NodeRef node) : node_(std::move(node)) {}
  int get() const { return node_ ? fd_of(node_) : own_.get(); }

 private:
  UniqueFd own_;
  NodeRef node_;
};

// Whether an operation may wait for a disk, or has to give up with EAGAIN instead.
enum class Wait { no, yes };

struct Share {
  Share(UniqueFd root_fd, const struct statx& status, const BackendOptions& options);

  const PosixNodeRef root;
  const bool case_sensitive;
  const bool read_only;
  const bool reliable_events;  // a local file system: inotify sees all its changes, and its times are its own
  const bool in_memory;        // tmpfs, ramfs
  const std::string root_path;
  mutable NameCache names{NameCache::Limits{}};
  mutable RecordCache records;

  // Learned as we go.
  mutable std::atomic<bool> can_resolve_cached = true;
  mutable std::atomic<bool> can_read_nowait = true;
  mutable std::atomic<bool> can_write_nowait = true;
  mutable std::atomic<bool> has_xattrs = true;
  mutable InlineGuard inline_reads;
  mutable InlineGuard inline_writes;

  Result<> check_writable() const;
  // Opens `path` beneath `directory`; symlinks are followed unless `flags` has O_NOFOLLOW, and never out of the root.
  Errno<UniqueFd> open_beneath(int directory, const char* path, int flags, Wait wait, mode_t mode = 0) const;
};
using ShareRef = std::shared_ptr<const Share>;

Errno<struct statx> status_of_fd(int fd);
Errno<struct statx> status_of_entry(int directory, const char* name);  // a symlink is the object itself
NodeId id_of(const struct statx& status);
NodeType type_of(std::uint32_t mode);
NameCache::Directory directory_stamp(const Share& share, const struct statx& status);

// Joins the components of a path on disk; "." for the root.
std::string join(std::span<const std::string> disk_path);

}  // namespace dozo::vfs::posix
