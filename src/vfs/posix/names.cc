#include "vfs/posix/names.h"

#include <fmt/format.h>
#include <sys/random.h>
#include <sys/syscall.h>

#include <cerrno>
#include <cstdio>

#include "vfs/posix/acting_as.h"
#include "vfs/posix/metadata.h"
#include "vfs/posix/name_map.h"
#include "vfs/posix/walk.h"

namespace dozo::vfs::posix {
namespace {

constexpr mode_t kFileMode = 0644;
constexpr mode_t kDirectoryMode = 0755;

struct Entry {
  int directory;
  std::string name;  // on disk
};

Result<Entry> entry_at(const NodeRef& parent, const std::string& client_name) {
  if (!parent) return fail(NtStatus::ACCESS_DENIED);  // the root is not made, moved or removed
  auto disk = to_disk_name(client_name);
  if (!disk) return fail(NtStatus::OBJECT_NAME_INVALID);
  return Entry{fd_of(parent), std::move(*disk)};
}

// The entry that still means `expected`, itself or (a symlink) by what it leads to beneath the root.
Result<struct statx> check_entry(const Entry& entry, NodeId expected) {
  const auto status = status_of_entry(entry.directory, entry.name.c_str());
  if (!status && status.error() == ENOENT) return fail(NtStatus::OBJECT_NAME_NOT_FOUND);
  if (!status) return fail_errno(status.error());
  if (id_of(*status) == expected) return *status;
  if (type_of(status->stx_mode) == NodeType::symlink) {
    struct statx target;
    const int followed = statx(entry.directory, entry.name.c_str(), 0, STATX_BASIC_STATS, &target);
    // Only compared, never opened: what lies outside the share cannot be `expected`.
    if (followed == 0 && id_of(target) == expected) return *status;
  }
  return fail(NtStatus::OBJECT_NAME_NOT_FOUND);
}

NtStatus in_directory(int error) {
  // The entry itself cannot be what is missing: the directory has been removed.
  return error == ENOENT ? NtStatus::OBJECT_PATH_NOT_FOUND : status_of(error);
}

Result<UniqueFd> make_file(const Share& share, const Entry& at, OpenFor use) {
  const int flags = O_CREAT | O_EXCL | O_RDWR | O_NOFOLLOW | (use.write_through ? O_DSYNC : 0);
  auto fd = share.open_beneath(at.directory, at.name.c_str(), flags, Wait::yes, kFileMode);
  if (!fd) return fail(in_directory(fd.error()));
  return std::move(*fd);
}

Result<UniqueFd> make_directory(const Share& share, const Entry& at) {
  if (mkdirat(at.directory, at.name.c_str(), kDirectoryMode) != 0) return fail(in_directory(errno));
  auto fd = share.open_beneath(at.directory, at.name.c_str(), O_PATH | O_DIRECTORY | O_NOFOLLOW, Wait::yes);
  if (!fd) return fail(NtStatus::RETRY);
  return std::move(*fd);
}

// The name must be free in every case; another program may have made it since it was resolved.
Result<> check_free(const Share& share, const NodeRef& parent, const std::string& client_name) {
  if (share.case_sensitive) return {};
  const auto stored = find_stored(share, fd_of(parent), client_name, Wait::yes);
  if (stored && !stored->empty()) return fail(NtStatus::OBJECT_NAME_COLLISION);
  return {};
}

std::string temporary_name() {
  std::uint64_t number = 0;
  if (getrandom(&number, sizeof number, 0) != sizeof number) number = static_cast<std::uint64_t>(getpid());
  return fmt::format(".dozo-{:016x}", number);
}

int rename_without_replacing(const Entry& from, const Entry& to) {
  if (syscall(SYS_renameat2, from.directory, from.name.c_str(), to.directory, to.name.c_str(), RENAME_NOREPLACE) == 0) {
    return 0;
  }
  if (errno != EINVAL && errno != ENOSYS) return errno;
  // A folder into itself is EINVAL too; so is a file system without the flag, which is left with looking first.
  if (status_of_entry(to.directory, to.name.c_str())) return EEXIST;
  return renameat(from.directory, from.name.c_str(), to.directory, to.name.c_str()) == 0 ? 0 : errno;
}

// Whether what is at `to` may be replaced by what `source` describes.
Result<> check_replaceable(const struct statx& there, const struct statx& source, const Resolved& to, bool replace) {
  if (!replace) return fail(NtStatus::OBJECT_NAME_COLLISION);
  // [MS-FSA] 2.1.5.15.12: a directory is never replaced.
  if (S_ISDIR(there.stx_mode) || S_ISDIR(source.stx_mode)) return fail(NtStatus::ACCESS_DENIED);
  if (to.exists() && type_of(there.stx_mode) != NodeType::symlink && id_of(there) != to.node->id()) {
    return fail(NtStatus::RETRY);
  }
  return {};
}

// Something has come to be where there was nothing.
NtStatus in_the_way(bool replace) { return replace ? NtStatus::RETRY : NtStatus::OBJECT_NAME_COLLISION; }

Result<> move_entry(const Entry& from, const Entry& to, bool over_existing, bool replace) {
  const int error = !over_existing ? rename_without_replacing(from, to)
                    : renameat(from.directory, from.name.c_str(), to.directory, to.name.c_str()) == 0 ? 0
                                                                                                      : errno;
  if (error == EEXIST) return fail(in_the_way(replace));
  if (error != 0) return fail(error == ENOENT ? NtStatus::OBJECT_PATH_NOT_FOUND : status_of(error, Doing::move));
  return {};
}

}  // namespace

Result<Created> create_object(const Share& share, const Caller* caller, const Resolved& at, const CreateSpec& spec) {
  DOZO_CHECK(share.check_writable());
  if (!at.parent) return fail(NtStatus::OBJECT_NAME_COLLISION);
  DOZO_TRY(const Entry entry, entry_at(at.parent, at.name));
  DOZO_CHECK(check_free(share, at.parent, at.name));
  Created out;
  {
    const ActingAs acting(caller);
    if (!acting.ok()) return fail(NtStatus::ACCESS_DENIED);
    auto fd = spec.type == NodeType::directory ? make_directory(share, entry) : make_file(share, entry, spec.use);
    if (!fd) return fail(fd.error());
    out.fd = std::move(*fd);
  }
  const auto status = status_of_fd(out.fd.get());
  if (!status) return fail_errno(status.error());
  out.id = id_of(*status);
  DOZO_CHECK(record_new(share, out.fd.get(), spec.attributes));
  return out;
}

Result<NodeType> remove_name(const Share& share, const Caller* caller, const Location& where, NodeId expected) {
  DOZO_CHECK(share.check_writable());
  DOZO_TRY(const Entry entry, entry_at(where.parent, where.name));
  const ActingAs acting(caller);
  if (!acting.ok()) return fail(NtStatus::ACCESS_DENIED);
  DOZO_TRY(const struct statx status, check_entry(entry, expected));
  const int flags = S_ISDIR(status.stx_mode) ? AT_REMOVEDIR : 0;
  if (unlinkat(entry.directory, entry.name.c_str(), flags) != 0) return fail_errno(errno);
  return type_of(status.stx_mode);
}

Result<Moved> rename_object(const Share& share, const Caller* caller, const Location& from, NodeId expected,
                            const Resolved& to, bool replace) {
  DOZO_CHECK(share.check_writable());
  DOZO_TRY(const Entry source, entry_at(from.parent, from.name));
  DOZO_TRY(const Entry target, entry_at(to.parent, to.name));
  const ActingAs acting(caller);
  if (!acting.ok()) return fail(NtStatus::ACCESS_DENIED);
  DOZO_TRY(const struct statx status, check_entry(source, expected));
  const auto there = status_of_entry(target.directory, target.name.c_str());
  const bool same_entry = from.parent->id() == to.parent->id() && source.name == target.name;
  const NodeType type = type_of(status.stx_mode);
  if (there && same_entry) return Moved{type};
  if (there && id_of(*there) == id_of(status) && !S_ISDIR(status.stx_mode)) {
    // Two names of one file, where rename(2) does nothing: the old one goes.
    if (unlinkat(source.directory, source.name.c_str(), 0) != 0) return fail_errno(errno);
    return Moved{.type = type, .old_name_only = true};
  }
  if (there) DOZO_CHECK(check_replaceable(*there, status, to, replace));
  DOZO_CHECK(move_entry(source, target, there.has_value(), replace));
  return Moved{.type = type, .replaced = there.has_value()};
}

Result<bool> link_object(const Share& share, const Caller* caller, const Location& from, NodeId expected,
                         const Resolved& to, bool replace) {
  DOZO_CHECK(share.check_writable());
  DOZO_TRY(const Entry source, entry_at(from.parent, from.name));
  DOZO_TRY(const Entry target, entry_at(to.parent, to.name));
  const ActingAs acting(caller);
  if (!acting.ok()) return fail(NtStatus::ACCESS_DENIED);
  DOZO_TRY(const struct statx status, check_entry(source, expected));
  // [MS-FSA] 2.1.5.15.6: not for directories.
  if (S_ISDIR(status.stx_mode)) return fail(NtStatus::FILE_IS_A_DIRECTORY);
  const auto fd = share.open_beneath(source.directory, source.name.c_str(), O_PATH | O_NOFOLLOW, Wait::yes);
  if (!fd) return fail(NtStatus::OBJECT_NAME_NOT_FOUND);
  const auto opened = status_of_fd(fd->get());
  if (!opened || id_of(*opened) != id_of(status)) return fail(NtStatus::OBJECT_NAME_NOT_FOUND);
  const auto there = status_of_entry(target.directory, target.name.c_str());
  if (there && id_of(*there) == id_of(status)) return fail(NtStatus::OBJECT_NAME_COLLISION);
  if (there) DOZO_CHECK(check_replaceable(*there, status, to, replace));
  // Through the descriptor: the name might mean another file by now.
  const std::string first = there ? temporary_name() : target.name;
  if (linkat(AT_FDCWD, proc_path(fd->get()).c_str(), target.directory, first.c_str(), AT_SYMLINK_FOLLOW) != 0) {
    if (errno == EEXIST) return fail(in_the_way(replace));
    return fail(errno == ENOENT ? NtStatus::OBJECT_PATH_NOT_FOUND : status_of(errno, Doing::move));
  }
  if (!there) return false;
  const Result<> moved = move_entry({target.directory, first}, target, true, true);
  if (!moved) unlinkat(target.directory, first.c_str(), 0);
  if (!moved) return fail(moved.error());
  return true;
}

Result<> replace_by_symlink(const Share& share, const Caller* caller, const Location& where, NodeId expected,
                            const std::string& target) {
  DOZO_CHECK(share.check_writable());
  DOZO_TRY(const Entry entry, entry_at(where.parent, where.name));
  if (target.empty() || target.find('\0') != std::string::npos) return fail(NtStatus::IO_REPARSE_DATA_INVALID);
  const ActingAs acting(caller);
  if (!acting.ok()) return fail(NtStatus::ACCESS_DENIED);
  DOZO_TRY(const struct statx status, check_entry(entry, expected));
  const bool directory = S_ISDIR(status.stx_mode);
  if (!directory && status.stx_size != 0) return fail(NtStatus::IO_REPARSE_DATA_INVALID);
  const std::string first = temporary_name();
  if (symlinkat(target.c_str(), entry.directory, first.c_str()) != 0) return fail_errno(errno);
  const Entry made{entry.directory, first};
  // A directory cannot be renamed over by a symlink: it goes first, and only when it is empty.
  const int gone = directory ? unlinkat(entry.directory, entry.name.c_str(), AT_REMOVEDIR) : 0;
  const Result<> moved = gone == 0 ? move_entry(made, entry, !directory, true) : Result<>(fail_errno(errno));
  if (!moved) unlinkat(entry.directory, first.c_str(), 0);
  return moved;
}

}  // namespace dozo::vfs::posix
