#include "vfs/posix/walk.h"

#include <cerrno>

#include "vfs/posix/name_map.h"
#include "vfs/posix/node_info.h"

namespace dozo::vfs::posix {
namespace {

constexpr int kDirectory = O_PATH | O_DIRECTORY;

// [MS-FSA] 2.1.5.1: what is wrong with a component on the way makes the path wrong, not the name.
NtStatus on_the_way(int error) {
  if (error == ENOENT || error == ENOTDIR) return NtStatus::OBJECT_PATH_NOT_FOUND;
  return status_of(error, Doing::walk);
}

// One walk. Holds descriptors only; nothing is remembered by path alone.
class Walk {
 public:
  Walk(const Share& share, const Path& path, ResolveOptions options, Wait wait)
      : share_(share), client_(path), wait_(wait) {
    final_flags_ = options.follow_final_symlink ? O_PATH : O_PATH | O_NOFOLLOW;
  }

  // 0, or the errno that ended it.
  int run() {
    if (const int error = exact(); error != ENOENT) return error;
    if (const int error = open_parent(); error != 0) return error;
    return open_last();
  }
  Result<> map_names();
  bool on_the_way() const { return on_the_way_; }
  Result<Resolved> answer();

 private:
  int root() const { return share_.root->fd(); }
  Errno<UniqueFd> open(const std::string& path, int flags) const {
    return share_.open_beneath(root(), path.c_str(), flags, wait_);
  }
  int exact();
  int open_parent();
  int open_last();
  Errno<UniqueFd> step(int directory, std::size_t index, int flags);

  const Share& share_;
  const Path& client_;
  const Wait wait_;
  int final_flags_;
  std::vector<std::string> disk_;
  UniqueFd parent_;  // none: the root itself
  UniqueFd node_;
  bool on_the_way_ = false;
};

Result<> Walk::map_names() {
  for (const std::string& name : client_) {
    auto disk = to_disk_name(name);
    if (!disk) return fail(NtStatus::OBJECT_NAME_INVALID);
    disk_.push_back(std::move(*disk));
  }
  return {};
}

// The path as it was written. ENOENT: something in it is missing, or written differently.
int Walk::exact() {
  auto node = open(join(disk_), disk_.empty() ? kDirectory : final_flags_);
  if (!node) {
    on_the_way_ = node.error() == ENOTDIR;
    return node.error();
  }
  node_ = std::move(*node);
  if (disk_.size() < 2) return 0;
  auto parent = open(join(std::span(disk_).first(disk_.size() - 1)), kDirectory);
  if (!parent) return parent.error();
  parent_ = std::move(*parent);
  return 0;
}

// The directory of the last component, in whatever case its path is written.
int Walk::open_parent() {
  on_the_way_ = true;
  const std::size_t last = disk_.size() - 1;
  if (last == 0) return 0;
  auto parent = open(join(std::span(disk_).first(last)), kDirectory);
  if (!parent && parent.error() != ENOENT) return parent.error();
  if (parent) {
    parent_ = std::move(*parent);
    return 0;
  }
  UniqueFd here;
  for (std::size_t i = 0; i < last; ++i) {
    auto next = step(here ? here.get() : root(), i, kDirectory);
    if (!next) return next.error();
    here = std::move(*next);
  }
  parent_ = std::move(here);
  return 0;
}

// Opens component `index`, exactly or as stored. Always from the root: a symlink may lead upwards within the share.
Errno<UniqueFd> Walk::step(int directory, std::size_t index, int flags) {
  const auto path = [&] { return join(std::span(disk_).first(index + 1)); };
  auto exact = open(path(), flags);
  if (exact || exact.error() != ENOENT || share_.case_sensitive) return exact;
  const auto stored = find_stored(share_, directory, client_[index], wait_);
  if (!stored) return std::unexpected(stored.error());
  if (stored->empty() || *stored == disk_[index]) return std::unexpected(ENOENT);
  disk_[index] = *stored;
  return open(path(), flags);
}

int Walk::open_last() {
  on_the_way_ = false;
  const std::size_t last = disk_.size() - 1;
  auto node = step(parent_ ? parent_.get() : root(), last, final_flags_);
  if (node) node_ = std::move(*node);
  // Missing is an answer.
  return node || node.error() == ENOENT ? 0 : node.error();
}

Result<Resolved> Walk::answer() {
  Resolved out;
  out.path.reserve(disk_.size());
  for (const std::string& name : disk_) out.path.push_back(to_client_name(name));
  if (!disk_.empty()) out.name = out.path.back();
  if (disk_.size() == 1) out.parent = share_.root;
  Errno<struct statx> parent = std::unexpected(ENOENT);
  if (parent_) {
    parent = status_of_fd(parent_.get());
    if (!parent) return fail_errno(parent.error());
    out.parent = std::make_shared<PosixNode>(std::move(parent_), id_of(*parent));
  }
  if (!node_) return out;
  const auto status = status_of_fd(node_.get());
  if (!status) return fail_errno(status.error());
  out.info = node_info(share_, *status, Place::by_path(node_.get()), out.name);
  out.findings = std::make_shared<Found>(*status, parent);
  out.node = disk_.empty() ? share_.root : std::make_shared<PosixNode>(std::move(node_), id_of(*status));
  return out;
}

}  // namespace

Attempt<Resolved> resolve(const Share& share, const Caller* caller, const Path& path, ResolveOptions options,
                          Wait wait) {
  Walk walk(share, path, options, wait);
  if (const auto mapped = walk.map_names(); !mapped) return {fail(mapped.error())};
  int error = 0;
  {
    const ActingAs acting(caller);
    if (!acting.ok()) return {fail(NtStatus::ACCESS_DENIED)};
    error = walk.run();
  }
  if (error == EAGAIN && wait == Wait::no) return Attempt<Resolved>::waits();
  if (error == EAGAIN) return {fail(NtStatus::RETRY)};
  if (error != 0) return {fail(walk.on_the_way() ? on_the_way(error) : status_of(error, Doing::walk))};
  return {walk.answer()};
}

Errno<std::string> find_stored(const Share& share, int directory, const std::string& client_name, Wait wait) {
  const auto status = status_of_fd(directory);
  if (!status) return std::unexpected(status.error());
  const NameCache::Directory stamp = directory_stamp(share, *status);
  NameCache::Answer answer = share.names.find(stamp, client_name);
  if (answer.known) return std::move(answer.stored);
  if (wait == Wait::no) return std::unexpected(EAGAIN);
  return share.names.scan(directory, stamp, client_name);
}

Attempt<UniqueFd> reopen(const Share& share, const Caller* caller, const Resolved& resolved, int flags, Wait wait) {
  const auto open = [&]() -> Errno<UniqueFd> {
    const ActingAs acting(caller);
    if (!acting.ok()) return std::unexpected(EACCES);
    if (!resolved.parent) return share.open_beneath(share.root->fd(), ".", flags, wait);
    const std::string name = to_disk_name(resolved.name).value_or(std::string());
    const bool symlink = resolved.info.type == NodeType::symlink;
    auto fd = share.open_beneath(fd_of(resolved.parent), name.c_str(), flags | O_NOFOLLOW, wait);
    // A symlink that was followed: from the root, since it may lead upwards within the share.
    const bool is_symlink = !fd && fd.error() == ELOOP;
    if (symlink || (!is_symlink && (flags & O_PATH) == 0)) return fd;
    if (fd) {
      const auto status = status_of_fd(fd->get());
      if (!status || type_of(status->stx_mode) != NodeType::symlink) return fd;
    } else if (!is_symlink) {
      return fd;
    }
    std::vector<std::string> disk;
    for (const std::string& component : resolved.path) disk.push_back(to_disk_name(component).value_or(std::string()));
    return share.open_beneath(share.root->fd(), join(disk).c_str(), flags, wait);
  };
  auto fd = open();
  if (!fd && fd.error() == EAGAIN && wait == Wait::no) return Attempt<UniqueFd>::waits();
  if (!fd && fd.error() == EAGAIN) return {fail(NtStatus::CANNOT_BREAK_OPLOCK)};
  if (!fd && (fd.error() == ENOENT || fd.error() == ENOTDIR)) return {fail(NtStatus::RETRY)};
  if (!fd) return {fail_errno(fd.error(), Doing::walk)};
  const auto status = status_of_fd(fd->get());
  if (!status) return {fail_errno(status.error())};
  if (id_of(*status) != resolved.node->id()) return {fail(NtStatus::RETRY)};
  return {std::move(*fd)};
}

}  // namespace dozo::vfs::posix
