#include "vfs/posix/volume.h"

#include <sys/statvfs.h>

#include <cerrno>
#include <climits>

#include "vfs/posix/file.h"
#include "vfs/posix/metadata.h"
#include "vfs/posix/names.h"
#include "vfs/posix/outside_watch.h"
#include "vfs/posix/own_changes.h"
#include "vfs/posix/posix_volume.h"
#include "vfs/posix/ranges.h"
#include "vfs/posix/stream.h"
#include "vfs/posix/walk.h"
#include "vfs/posix/watch.h"

namespace dozo::vfs {

Result<std::unique_ptr<Volume>> open_posix_volume(const BackendOptions& options) {
  posix::UniqueFd root(::open(options.path.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!root && errno == ENOENT) return fail(NtStatus::OBJECT_PATH_NOT_FOUND);
  if (!root && errno == ENOTDIR) return fail(NtStatus::NOT_A_DIRECTORY);
  if (!root) return posix::fail_errno(errno);
  const auto status = posix::status_of_fd(root.get());
  if (!status) return posix::fail_errno(status.error());
  auto share = std::make_shared<posix::Share>(std::move(root), *status, options);
  const auto xattrs = posix::list_xattrs({share->root->fd()});
  if (!xattrs && xattrs.error() == EOPNOTSUPP) share->has_xattrs = false;
  return std::make_unique<posix::PosixVolume>(std::move(share));
}

}  // namespace dozo::vfs

namespace dozo::vfs::posix {
namespace {

bool opens_for_change(OpenFor use) { return use.write_data || use.append_only; }

int flags_for(NodeType type, OpenFor use) {
  if (type == NodeType::symlink) return O_PATH | O_NOFOLLOW;
  if (type == NodeType::directory) return use.read_data ? O_RDONLY | O_DIRECTORY : O_PATH | O_DIRECTORY;
  const bool change = opens_for_change(use);
  if (!use.read_data && !change) return O_PATH;
  const int access = use.read_data && change ? O_RDWR : change ? O_WRONLY : O_RDONLY;
  // Should the name have become a FIFO meanwhile, the open must not wait for its other end.
  return access | O_NONBLOCK | O_NOCTTY | (use.write_through ? O_DSYNC : 0);
}

Result<> check_openable(const Share& share, NodeType type, OpenFor use) {
  if (opens_for_change(use)) DOZO_CHECK(share.check_writable());
  const bool data = use.read_data || opens_for_change(use);
  const bool plain = type == NodeType::file || type == NodeType::directory || type == NodeType::symlink;
  // FIFOs, sockets and devices: only to look at.
  if (data && !plain) return fail(NtStatus::ACCESS_DENIED);
  return {};
}

// Whether only the mode bits say who may do what: no POSIX ACL on the object.
bool is_plain(const Share& share, int fd, const struct statx& status) {
  if (share.reliable_events) {
    auto known = share.records.find(status);
    // What is asked of a directory once for all that is opened in it. A record that could not be read is not kept.
    const bool keep = S_ISDIR(status.stx_mode) && RecordCache::may_keep(status, SystemClock().wall_now());
    if (!known && keep) {
      record_of(share, status, Place::by_path(fd));
      known = share.records.find(status);
    }
    if (known) return !known->has_acl;
  }
  std::array<std::uint8_t, 4> none;
  const auto acl = get_xattr_into(Place::by_path(fd), "system.posix_acl_access", none);
  return !acl && (acl.error() == ENODATA || acl.error() == EOPNOTSUPP);
}

// The three bits of the mode that are this caller's, as R_OK, W_OK and X_OK spell them.
unsigned mode_bits_for(const struct statx& status, const Caller& caller) {
  if (status.stx_uid == caller.uid) return (status.stx_mode >> 6) & 7u;
  const bool in_group =
      status.stx_gid == caller.gid || std::ranges::find(caller.groups, status.stx_gid) != caller.groups.end();
  return (in_group ? status.stx_mode >> 3 : status.stx_mode) & 7u;
}

bool may(int fd, int what) { return faccessat(fd, "", what, AT_EACCESS | AT_EMPTY_PATH) == 0; }

Result<Volume::Permissions> look_up_permissions(const Share& share, const Caller* caller, const Resolved& resolved) {
  const int fd = fd_of(resolved.node);
  const auto* const found = static_cast<const Found*>(resolved.findings.get());
  const auto status = found != nullptr ? Errno<struct statx>(found->node) : status_of_fd(fd);
  if (!status) return fail_errno(status.error());
  const bool switched = caller != nullptr && caller->switch_identity;
  const uid_t uid = switched ? caller->uid : geteuid();
  const int parent = resolved.parent ? fd_of(resolved.parent) : -1;
  const bool ask = parent >= 0 && (found == nullptr || !found->parent);
  const auto above = ask ? status_of_fd(parent) : found != nullptr ? found->parent : std::unexpected(ENOENT);
  // Without ACLs the modes tell, which is cheaper than asking the kernel as the caller.
  ObjectMarks marks_above;
  if (above) marks_above = marks_of(share, *above, Place::by_path(parent));
  const bool by_mode = switched && uid != 0 && is_plain(share, fd, *status) && !marks_above.has_acl;
  const ActingAs acting(by_mode ? nullptr : caller);
  if (!acting.ok()) return fail(NtStatus::ACCESS_DENIED);
  const unsigned bits = by_mode ? mode_bits_for(*status, *caller) : 0;
  Volume::Permissions out;
  out.parent_security = std::move(marks_above.security);
  out.read = by_mode ? (bits & R_OK) != 0 : may(fd, R_OK);
  out.write = by_mode ? (bits & W_OK) != 0 : may(fd, W_OK);
  out.execute = by_mode ? (bits & X_OK) != 0 : may(fd, X_OK);
  out.owner = uid == 0 || status->stx_uid == uid;
  if (!above) return out;
  const auto both = static_cast<unsigned>(W_OK | X_OK);
  out.delete_child = by_mode ? (mode_bits_for(*above, *caller) & both) == both : may(parent, W_OK | X_OK);
  const bool sticky = (above->stx_mode & S_ISVTX) != 0;
  if (sticky && !out.owner && above->stx_uid != uid) out.delete_child = false;
  return out;
}

Result<> empty_file(const Share& share, int fd, FileAttributes attributes) {
  DOZO_CHECK(truncate_to(fd, 0));
  DOZO_CHECK(remove_all_eas_and_streams(share, fd));
  if (share.has_xattrs) DOZO_CHECK(change_sparse(share, fd, false));
  return change_attributes(share, fd, attributes);
}

Result<std::string> symlink_text(int fd) {
  std::array<char, PATH_MAX> text;
  const ssize_t n = readlinkat(fd, "", text.data(), text.size());
  if (n < 0 && (errno == EINVAL || errno == ENOENT)) return fail(NtStatus::NOT_A_REPARSE_POINT);
  if (n < 0) return fail_errno(errno);
  return std::string(text.data(), static_cast<std::size_t>(n));
}

Result<VolumeInfo> look_up_volume(const Share& share) {
  struct statvfs status{};
  if (fstatvfs(share.root->fd(), &status) != 0) return fail_errno(errno);
  VolumeInfo info;
  info.total = status.f_blocks * status.f_frsize;
  info.free = status.f_bfree * status.f_frsize;
  info.available = status.f_bavail * status.f_frsize;
  info.block_size = static_cast<std::uint32_t>(status.f_frsize);
  const NodeId id = share.root->id();
  info.serial = static_cast<std::uint32_t>((id.device * 0x9E3779B97F4A7C15ull + id.inode) >> 16);
  if (const auto root = status_of_fd(share.root->fd())) info.created = birth_time(*root);
  info.features = VolumeFeature::sparse_files | VolumeFeature::symlinks;
  info.features |= VolumeFeature::hard_links;
  if (share.has_xattrs) info.features |= VolumeFeature::streams | VolumeFeature::extended_attributes;
  if (share.case_sensitive) info.features |= VolumeFeature::case_sensitive_search;
  info.read_only = share.read_only || (status.f_flag & ST_RDONLY) != 0;
  return info;
}

}  // namespace

PosixVolume::PosixVolume(ShareRef share)
    : share_(std::move(share)), hubs_(std::make_unique<WatchHubs>()), outside_(OutsideHub::of_process()) {}
PosixVolume::~PosixVolume() = default;

void PosixVolume::tell_entry(const NodeRef& directory, NamedChange change) {
  own_changes().tell(fd_of(directory), {std::move(change)});
}

void PosixVolume::tell_rename(const Location& from, const Resolved& to, const RenameMade& made) {
  if (!own_changes().wanted()) return;
  RenameTold told = changes_of(made);
  if (made.same_directory) {
    std::ranges::move(told.entered, std::back_inserter(told.left));
    told.entered.clear();
  }
  own_changes().tell(fd_of(from.parent), std::move(told.left));
  if (!told.entered.empty()) own_changes().tell(fd_of(to.parent), std::move(told.entered));
}

void PosixVolume::tell_stream(int file, ChangeAction action, std::string_view stream) {
  const ChangeKinds kinds = action == ChangeAction::modified_stream ? ChangeKind::stream_size | ChangeKind::stream_write
                                                                    : ChangeKinds(ChangeKind::stream_name);
  own_changes().tell_of(file, action, kinds, stream);
}

Task<Result<VolumeInfo>> PosixVolume::volume_info(CallerRef) {
  const Share& share = *share_;
  co_return co_await runtime::offload(runtime::Loop::current(), [&share] { return look_up_volume(share); });
}

Task<Result<Resolved>> PosixVolume::resolve(CallerRef caller, const Path& path, ResolveOptions options) {
  Attempt<Resolved> cached = posix::resolve(*share_, caller.get(), path, options, Wait::no);
  if (!cached.would_wait) co_return std::move(cached.result);
  co_return co_await runtime::offload(
      runtime::Loop::current(), [&] { return posix::resolve(*share_, caller.get(), path, options, Wait::yes).result; });
}

Task<Result<OpenFd>> PosixVolume::open_as(CallerRef caller, const Resolved& resolved, int flags) {
  if ((flags & O_PATH) != 0) co_return OpenFd(resolved.node);
  Attempt<UniqueFd> attempt = reopen(*share_, caller.get(), resolved, flags, Wait::no);
  if (attempt.would_wait) {
    attempt = co_await runtime::offload(runtime::Loop::current(),
                                        [&] { return reopen(*share_, caller.get(), resolved, flags, Wait::yes); });
  }
  DOZO_CO_TRY(UniqueFd fd, std::move(attempt.result));
  co_return OpenFd(std::move(fd));
}

Task<Result<FileRef>> PosixVolume::open(CallerRef caller, const Resolved& resolved, OpenFor use) {
  DOZO_CO_CHECK(check_openable(*share_, resolved.info.type, use));
  DOZO_CO_TRY(OpenFd fd, co_await open_as(caller, resolved, flags_for(resolved.info.type, use)));
  if (resolved.info.type == NodeType::directory && opens_for_change(use)) {
    const ActingAs acting(caller.get());
    if (!acting.ok() || !may(fd.get(), W_OK)) co_return fail(NtStatus::ACCESS_DENIED);
  }
  co_return std::make_shared<PosixFile>(share_, std::move(fd), resolved.node->id(), resolved.info.type, use,
                                        resolved.path);
}

Task<Result<FileRef>> PosixVolume::create(CallerRef caller, const Resolved& resolved, const CreateSpec& spec) {
  auto created = co_await runtime::offload(runtime::Loop::current(),
                                           [&] { return create_object(*share_, caller.get(), resolved, spec); });
  if (!created) co_return fail(created.error());
  tell_entry(resolved.parent, {ChangeAction::added, name_kind(spec.type == NodeType::directory), resolved.name});
  co_return std::make_shared<PosixFile>(share_, OpenFd(std::move(created->fd)), created->id, spec.type, spec.use,
                                        resolved.path);
}

Task<Result<>> PosixVolume::overwrite(CallerRef, File& file, FileAttributes attributes) {
  DOZO_CO_CHECK(share_->check_writable());
  auto* posix_file = dynamic_cast<PosixFile*>(&file);
  if (posix_file == nullptr) co_return fail(NtStatus::INVALID_PARAMETER);
  if (file.type() == NodeType::directory) co_return fail(NtStatus::FILE_IS_A_DIRECTORY);
  const int fd = posix_file->fd();
  DOZO_CO_CHECK(
      co_await runtime::offload(runtime::Loop::current(), [&, fd] { return empty_file(*share_, fd, attributes); }));
  own_changes().tell_of(fd, ChangeAction::modified, kinds_of_replacement());
  co_return Result<>{};
}

Task<Result<Volume::Permissions>> PosixVolume::permissions(CallerRef caller, const Resolved& resolved) {
  auto permissions = look_up_permissions(*share_, caller.get(), resolved);
  if (permissions && share_->read_only) {
    permissions->write = permissions->owner = permissions->delete_child = false;
  }
  co_return permissions;
}

Task<Result<NodeInfo>> PosixVolume::node_info(const NodeRef& node) {
  const auto status = status_of_fd(fd_of(node));
  if (!status) co_return fail_errno(status.error());
  co_return posix::node_info(*share_, *status, Place::by_path(fd_of(node)), {});
}

Task<Result<>> PosixVolume::remove(CallerRef caller, const Location& where, NodeId expected) {
  DOZO_CO_TRY(const NodeType type, co_await runtime::offload(runtime::Loop::current(), [&] {
                return remove_name(*share_, caller.get(), where, expected);
              }));
  tell_entry(where.parent, {ChangeAction::removed, name_kind(type == NodeType::directory), where.name});
  co_return Result<>{};
}

Task<Result<Location>> PosixVolume::rename(CallerRef caller, const Location& from, NodeId expected, const Resolved& to,
                                           bool replace) {
  DOZO_CO_TRY(const Moved moved, co_await runtime::offload(runtime::Loop::current(), [&] {
                return rename_object(*share_, caller.get(), from, expected, to, replace);
              }));
  const bool same_directory = from.parent->id() == to.parent->id();
  if (!same_directory || from.name != to.name) {
    tell_rename(from, to,
                {.old_name = from.name,
                 .new_name = to.name,
                 .replaced_name = moved.replaced ? to.name : std::string(),
                 .is_directory = moved.type == NodeType::directory,
                 .same_directory = same_directory,
                 .old_name_only = moved.old_name_only});
  }
  co_return Location{to.parent, to.name};
}

Task<Result<>> PosixVolume::link(CallerRef caller, const Location& from, NodeId expected, const Resolved& to,
                                 bool replace) {
  DOZO_CO_TRY(const bool replaced, co_await runtime::offload(runtime::Loop::current(), [&] {
                return link_object(*share_, caller.get(), from, expected, to, replace);
              }));
  // [MS-FSA] 2.1.5.15.7.
  const NamedChange added{ChangeAction::added, ChangeKind::file_name, to.name};
  const NamedChange modified{ChangeAction::modified, kinds_of_replacement(), to.name};
  tell_entry(to.parent, replaced ? modified : added);
  co_return Result<>{};
}

Task<Result<FileRef>> PosixVolume::open_stream(CallerRef caller, const Resolved& resolved, std::string_view stream,
                                               StreamMode mode, OpenFor use) {
  DOZO_CO_CHECK(check_openable(*share_, resolved.info.type, use));
  const bool changes = opens_for_change(use) || mode != StreamMode::open_existing;
  DOZO_CO_TRY(OpenFd fd, co_await open_as(caller, resolved, O_PATH));
  {
    const ActingAs acting(caller.get());
    if (!acting.ok()) co_return fail(NtStatus::ACCESS_DENIED);
    if (use.read_data && !may(fd.get(), R_OK)) co_return fail(NtStatus::ACCESS_DENIED);
    if (changes && !may(fd.get(), W_OK)) co_return fail(NtStatus::ACCESS_DENIED);
  }
  DOZO_CO_TRY(OpenedStream opened, open_stream_xattr(*share_, fd.get(), stream, mode));
  // [MS-FSA] 2.1.5.1.1, 2.1.5.1.2.
  if (opened.made) tell_stream(fd.get(), ChangeAction::added_stream, stream);
  if (opened.emptied) tell_stream(fd.get(), ChangeAction::modified_stream, stream);
  co_return std::make_shared<PosixStream>(share_, std::move(fd), resolved.node->id(), std::move(opened.xattr), use);
}

Task<Result<>> PosixVolume::remove_stream(CallerRef caller, const Resolved& resolved, std::string_view stream) {
  DOZO_CO_CHECK(share_->check_writable());
  DOZO_CO_TRY(const OpenFd fd, co_await open_as(caller, resolved, O_PATH));
  {
    const ActingAs acting(caller.get());
    if (!acting.ok() || !may(fd.get(), W_OK)) co_return fail(NtStatus::ACCESS_DENIED);
  }
  DOZO_CO_CHECK(remove_stream_xattr(*share_, fd.get(), stream));
  tell_stream(fd.get(), ChangeAction::removed_stream, stream);
  co_return Result<>{};
}

Task<Result<>> PosixVolume::rename_stream(CallerRef caller, const Resolved& resolved, std::string_view from,
                                          std::string_view to, bool replace) {
  DOZO_CO_CHECK(share_->check_writable());
  const int flags = to.empty() ? O_WRONLY | O_NONBLOCK | O_NOCTTY : O_PATH;
  DOZO_CO_TRY(const OpenFd fd, co_await open_as(caller, resolved, flags));
  {
    const ActingAs acting(caller.get());
    if (!acting.ok() || !may(fd.get(), W_OK)) co_return fail(NtStatus::ACCESS_DENIED);
  }
  DOZO_CO_CHECK(to.empty() ? make_stream_main(*share_, fd.get(), from)
                           : rename_stream_xattr(*share_, fd.get(), from, to, replace));
  tell_stream(fd.get(), ChangeAction::removed_stream, from);
  if (!to.empty()) tell_stream(fd.get(), ChangeAction::added_stream, to);
  co_return Result<>{};
}

Task<Result<std::string>> PosixVolume::read_symlink(CallerRef, const Resolved& resolved) {
  if (resolved.info.type != NodeType::symlink) co_return fail(NtStatus::NOT_A_REPARSE_POINT);
  co_return symlink_text(fd_of(resolved.node));
}

Task<Result<>> PosixVolume::make_symlink(CallerRef caller, const Location& where, NodeId expected,
                                         std::string_view target) {
  const std::string text(target);
  DOZO_CO_CHECK(co_await runtime::offload(
      runtime::Loop::current(), [&] { return replace_by_symlink(*share_, caller.get(), where, expected, text); }));
  tell_entry(where.parent, {ChangeAction::modified, ChangeKind::attributes, where.name});
  co_return Result<>{};
}

Task<Result<std::unique_ptr<Watch>>> PosixVolume::watch(CallerRef caller, File& directory, bool subtree,
                                                        WatchListener& listener) {
  auto* file = dynamic_cast<PosixFile*>(&directory);
  if (file == nullptr || file->type() != NodeType::directory) co_return fail(NtStatus::INVALID_PARAMETER);
  co_return co_await hubs_->watch(share_, std::move(caller), file->fd(), subtree, listener);
}

Result<std::unique_ptr<Watch>> PosixVolume::watch_outside(const NodeRef& node, OutsideListenerRef listener) {
  // A file system mounted beneath the root may be a remote one, whose other clients nobody here sees.
  const bool seen = share_->reliable_events && node->id().device == share_->root->id().device;
  if (!seen) return fail(NtStatus::NOT_SUPPORTED);
  return outside_->watch(node, std::move(listener));
}

}  // namespace dozo::vfs::posix
