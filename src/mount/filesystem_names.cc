// Names, attributes and folders.
#include <algorithm>

#include "base/unicode.h"
#include "mount/filesystem.h"
#include "wire/fscc/file_set.h"

namespace dozo::mount {
namespace {

using client::DirectoryEntry;

// What stands for "." and ".." in a listing, and what files have that were removed while they are open.
constexpr std::size_t kDots = 2;
constexpr std::string_view kHidden = ".fuse_hidden";

Result<> known(const std::optional<std::string>& path) {
  if (!path) return fail(NtStatus::FILE_DELETED);
  return {};
}

FileTime wanted_time(const timespec& time, bool given, bool now) {
  if (now) {
    timespec clock{};
    clock_gettime(CLOCK_REALTIME, &clock);
    return file_time_of(clock);
  }
  // [MS-FSCC] 2.4.7: zero leaves it as it is.
  return given ? file_time_of(time) : FileTime{};
}

}  // namespace

fuse_entry_param Filesystem::entry_of(NodeId node, const DirectoryEntry& entry) const {
  fuse_entry_param out{};
  out.ino = node;
  out.generation = 1;  // numbers are never used again
  out.attr = stat_of(entry, node, options_.owner);
  out.attr_timeout = out.entry_timeout = options_.cache_seconds;
  return out;
}

void Filesystem::answer_entry(Request request, NodeId parent, const Name& name, const DirectoryEntry& entry) {
  const NodeId node = nodes_.look_up(parent, name);
  const fuse_entry_param out = entry_of(node, entry);
  if (fuse_reply_entry(request.take(), &out) != 0) nodes_.forget(node, 1);
}

// With what the server says of the name now.
runtime::Task<void> Filesystem::answer_looking(Request request, NodeId parent, Name name) {
  const auto path = nodes_.path(parent, name);
  if (!path) co_return request.status(NtStatus::FILE_DELETED);
  const auto entry = co_await look_at(link_, *path);
  if (!entry) co_return request.status(entry.error());
  answer_entry(std::move(request), parent, name, *entry);
}

runtime::Task<void> Filesystem::look_up(Request request, NodeId parent, Name name) {
  const auto path = nodes_.path(parent, name);
  if (!path) co_return request.status(NtStatus::FILE_DELETED);
  // What is no name on the share is not there.
  if (name.find('\\') != Name::npos || !utf8_to_utf16(name)) co_return request.error(ENOENT);
  const auto entry = co_await look_at(link_, *path);
  if (entry) co_return answer_entry(std::move(request), parent, name, *entry);
  const int error = entry.error() == NtStatus::OBJECT_NAME_INVALID ? ENOENT : errno_of(entry.error());
  if (error != ENOENT) co_return request.error(error);
  fuse_entry_param nothing{};  // the kernel may know that it is not there
  nothing.entry_timeout = options_.cache_seconds;
  fuse_reply_entry(request.take(), &nothing);
}

runtime::Task<void> Filesystem::get_attributes(Request request, NodeId node) {
  const auto path = nodes_.path(node);
  if (!path) co_return request.status(NtStatus::FILE_DELETED);
  const auto entry = co_await look_at(link_, *path);
  if (!entry) co_return request.status(entry.error());
  const struct stat out = stat_of(*entry, node, options_.owner);
  fuse_reply_attr(request.take(), &out, options_.cache_seconds);
}

// --- Changing attributes

runtime::Task<Result<>> Filesystem::resize(NodeId node, std::uint64_t size, OpenFilePtr file) {
  if (file && !file->writes) file = nullptr;
  if (!file) file = find_writer(node);
  if (file) {
    const auto set = co_await file->file->set_info(
        wire::FileInfoClass::end_of_file, wire::encode_plain(wire::FileEndOfFileInformation{.end_of_file = size}));
    co_return set;
  }
  const auto path = nodes_.path(node);
  DOZO_CO_CHECK(known(path));
  const auto set = co_await set_size(link_, *path, size);
  co_return set;
}

runtime::Task<Result<>> Filesystem::change_basics(NodeId node, const struct stat& wanted, int which) {
  const auto path = nodes_.path(node);
  DOZO_CO_CHECK(known(path));
  Basics basics;
  basics.last_access_time =
      wanted_time(wanted.st_atim, (which & FUSE_SET_ATTR_ATIME) != 0, (which & FUSE_SET_ATTR_ATIME_NOW) != 0);
  basics.last_write_time =
      wanted_time(wanted.st_mtim, (which & FUSE_SET_ATTR_MTIME) != 0, (which & FUSE_SET_ATTR_MTIME_NOW) != 0);
  if ((which & FUSE_SET_ATTR_MODE) != 0) {
    // A share knows no modes; that nobody may write is an attribute there.
    const auto entry = co_await look_at(link_, *path);
    if (!entry) co_return fail(entry.error());
    const bool read_only = (wanted.st_mode & 0222) == 0;
    const FileAttributes now = entry->attributes & kSettableAttributes;
    const FileAttributes then = now.without(FileAttribute::read_only) |
                                (read_only ? FileAttributes(FileAttribute::read_only) : FileAttributes{});
    if (!entry->is_directory() && then != now) basics.attributes = or_normal(then);
  }
  const bool nothing = basics.last_access_time.ticks == 0 && basics.last_write_time.ticks == 0;
  if (nothing && basics.attributes.empty()) co_return Result<>{};
  // Through the open that writes, for a time that another open sets is replaced when that one writes or is closed.
  const OpenFilePtr writer = find_writer(node);
  Result<> set;
  if (writer) set = co_await writer->file->set_info(wire::FileInfoClass::basic, basics.information());
  if (!writer) set = co_await set_basics(link_, *path, basics);
  co_return set;
}

runtime::Task<Result<>> Filesystem::change(NodeId node, const struct stat& wanted, int which, OpenFilePtr file) {
  const bool other_user = (which & FUSE_SET_ATTR_UID) != 0 && wanted.st_uid != options_.owner.uid;
  const bool other_group = (which & FUSE_SET_ATTR_GID) != 0 && wanted.st_gid != options_.owner.gid;
  if (other_user || other_group) co_return fail(NtStatus::CANNOT_DELETE);  // EPERM
  if ((which & FUSE_SET_ATTR_SIZE) != 0) {
    if (wanted.st_size < 0) co_return fail(NtStatus::INVALID_PARAMETER);
    DOZO_CO_CHECK(co_await resize(node, static_cast<std::uint64_t>(wanted.st_size), file));
  }
  constexpr int kBasics = FUSE_SET_ATTR_MODE | FUSE_SET_ATTR_ATIME | FUSE_SET_ATTR_MTIME | FUSE_SET_ATTR_ATIME_NOW |
                          FUSE_SET_ATTR_MTIME_NOW;
  if ((which & kBasics) == 0) co_return Result<>{};
  const auto changed = co_await change_basics(node, wanted, which);
  co_return changed;
}

runtime::Task<void> Filesystem::set_attributes(Request request, NodeId node, struct stat wanted, int which,
                                               OpenFilePtr file) {
  const auto changed = co_await change(node, wanted, which, std::move(file));
  if (!changed) co_return request.status(changed.error());
  co_await get_attributes(std::move(request), node);
}

// --- Links

runtime::Task<void> Filesystem::read_link(Request request, NodeId node) {
  const auto path = nodes_.path(node);
  if (!path) co_return request.status(NtStatus::FILE_DELETED);
  const auto target = co_await mount::read_link(link_, *path);
  if (!target) co_return request.status(target.error());
  fuse_reply_readlink(request.take(), target->c_str());
}

runtime::Task<void> Filesystem::make_link(Request request, Name target, NodeId parent, Name name) {
  const auto path = nodes_.path(parent, name);
  if (!path) co_return request.status(NtStatus::FILE_DELETED);
  const auto made = co_await mount::make_link(link_, *path, std::move(target));
  if (!made) co_return request.status(made.error());
  co_await answer_looking(std::move(request), parent, std::move(name));
}

// --- Making, removing, renaming

runtime::Task<void> Filesystem::make_folder(Request request, NodeId parent, Name name) {
  const auto path = nodes_.path(parent, name);
  if (!path) co_return request.status(NtStatus::FILE_DELETED);
  const auto made = co_await mount::make_folder(link_, *path);
  if (!made) co_return request.status(made.error());
  co_await answer_looking(std::move(request), parent, std::move(name));
}

// [MS-FSA] 2.1.5.15.3: what is read-only is not deleted; here it is the folder's permissions that count.
runtime::Task<Result<>> Filesystem::remove_path(std::string path, bool folder) {
  const auto removed = co_await remove_name(link_, path, folder);
  if (removed || removed.error() != NtStatus::CANNOT_DELETE || folder) co_return removed;
  const Basics writable{.attributes = FileAttribute::normal};
  DOZO_CO_CHECK(co_await set_basics(link_, path, writable));
  const auto again = co_await remove_name(link_, path, folder);
  co_return again;
}

// A file that is open is renamed, and removed when it is closed: a share's file whose deletion is pending can neither
// be opened nor made anew. Whether its name is free now.
runtime::Task<Result<bool>> Filesystem::hide_if_open(NodeId parent, Name name) {
  const auto node = nodes_.find(parent, name);
  if (!node || !is_open(*node)) co_return false;
  Name other = std::string(kHidden) + std::to_string(*node) + "-" + std::to_string(++last_handle_);
  const auto from = nodes_.path(parent, name);
  const auto to = nodes_.path(parent, other);
  DOZO_CO_CHECK(known(from));
  DOZO_CO_CHECK(co_await move(link_, *from, *to, false));
  nodes_.rename(parent, name, parent, other);
  tell_files_where_they_are();
  if (is_open(*node)) {
    hidden_[*node] = {parent, std::move(other)};
    co_return true;
  }
  // It was closed meanwhile.
  const auto removed = co_await remove_path(*to, false);
  nodes_.remove(parent, other);
  if (!removed) co_return fail(removed.error());
  co_return true;
}

// What is hidden in a folder that is to be removed goes into the one above it.
runtime::Task<Result<>> Filesystem::lift_hidden(NodeId folder) {
  const NodeId above = nodes_.parent(folder);
  std::vector<std::pair<NodeId, Name>> inside;
  for (const auto& [node, where] : hidden_) {
    if (where.first == folder) inside.emplace_back(node, where.second);
  }
  for (const auto& [node, name] : inside) {
    const auto from = nodes_.path(folder, name);
    const auto to = nodes_.path(above, name);
    if (!from || !to) continue;
    const auto moved = co_await move(link_, *from, *to, false);
    const auto still = hidden_.find(node);
    if (still == hidden_.end()) continue;  // it was closed, and is gone
    if (!moved) co_return moved;
    nodes_.rename(folder, name, above, name);
    still->second = {above, name};
    tell_files_where_they_are();
  }
  co_return Result<>{};
}

runtime::Task<void> Filesystem::remove(Request request, NodeId parent, Name name, bool folder) {
  if (!folder) {
    const auto hidden = co_await hide_if_open(parent, name);
    if (!hidden) co_return request.status(hidden.error());
    if (*hidden) co_return request.done();
  }
  const auto path = nodes_.path(parent, name);
  if (!path) co_return request.status(NtStatus::FILE_DELETED);
  auto removed = co_await remove_path(*path, folder);
  const auto node = nodes_.find(parent, name);
  if (!removed && removed.error() == NtStatus::DIRECTORY_NOT_EMPTY && node) {
    const auto lifted = co_await lift_hidden(*node);
    if (!lifted) co_return request.status(NtStatus::DIRECTORY_NOT_EMPTY);
    removed = co_await remove_path(*path, folder);
  }
  if (removed) nodes_.remove(parent, name);
  removed ? request.done() : request.status(removed.error());
}

// rename(2) replaces an empty folder by a folder, and a read-only file; a share does neither.
runtime::Task<Result<>> Filesystem::move_path(std::string from, std::string to, bool replace) {
  const auto moved = co_await move(link_, from, to, replace);
  const bool in_the_way =
      !moved && replace &&
      (moved.error() == NtStatus::ACCESS_DENIED || moved.error() == NtStatus::OBJECT_NAME_COLLISION);
  if (!in_the_way) co_return moved;
  const auto source = co_await look_at(link_, from);
  const auto target = co_await look_at(link_, to);
  if (!source || !target) co_return moved;
  if (source->is_directory() != target->is_directory()) {
    co_return fail(target->is_directory() ? NtStatus::FILE_IS_A_DIRECTORY : NtStatus::NOT_A_DIRECTORY);
  }
  const bool read_only = target->attributes.has(FileAttribute::read_only);
  if (!target->is_directory() && !read_only) co_return moved;
  DOZO_CO_CHECK(co_await remove_path(to, target->is_directory()));
  const auto again = co_await move(link_, from, to, replace);
  co_return again;
}

runtime::Task<void> Filesystem::rename(Request request, NodeId parent, Name name, NodeId new_parent, Name new_name,
                                       bool replace) {
  const auto source = nodes_.find(parent, name);
  if (replace && source != nodes_.find(new_parent, new_name)) {
    const auto hidden = co_await hide_if_open(new_parent, new_name);
    if (!hidden) co_return request.status(hidden.error());
  }
  const auto from = nodes_.path(parent, name);
  const auto to = nodes_.path(new_parent, new_name);
  if (!from || !to) co_return request.status(NtStatus::FILE_DELETED);
  const auto moved = co_await move_path(*from, *to, replace);
  if (!moved) co_return request.status(moved.error());
  nodes_.rename(parent, name, new_parent, new_name);
  tell_files_where_they_are();
  request.done();
}

runtime::Task<void> Filesystem::tell_space(Request request) {
  const auto space = co_await space_of(link_);
  if (!space) co_return request.status(space.error());
  const struct statvfs out = statvfs_of(*space);
  fuse_reply_statfs(request.take(), &out);
}

// --- Folders

// The whole list, as it is now: what changes while it is read does not shift it.
runtime::Task<void> Filesystem::open_folder(Request request, NodeId node, fuse_file_info info) {
  const auto path = nodes_.path(node);
  if (!path) co_return request.status(NtStatus::FILE_DELETED);
  auto entries = co_await link_.run([&path](client::Tree& tree) { return client::list_directory(tree, *path); });
  if (!entries) co_return request.status(entries.error());
  // What was removed here is not there, and '/' is of no name.
  std::erase_if(*entries, [this, node](const DirectoryEntry& entry) {
    if (!entry.name.starts_with(kHidden)) return false;
    return std::ranges::any_of(hidden_, [&](const auto& one) { return one.second == std::pair{node, entry.name}; });
  });
  info.fh = ++last_handle_;
  listings_[info.fh] = std::make_shared<std::vector<DirectoryEntry>>(std::move(*entries));
  if (fuse_reply_open(request.take(), &info) != 0) listings_.erase(info.fh);
}

void Filesystem::list(Request request, NodeId node, const Listing& listing, std::size_t size, std::size_t from,
                      bool plus) {
  std::string out(std::min<std::size_t>(size, 1 << 20), '\0');
  std::size_t used = 0;
  for (std::size_t i = from; i < listing->size() + kDots; ++i) {
    const auto next = static_cast<off_t>(i + 1);
    const bool dot = i < kDots;
    DirectoryEntry folder{.attributes = FileAttribute::directory};
    const DirectoryEntry& entry = dot ? folder : (*listing)[i - kDots];
    const std::string name = i == 0 ? "." : i == 1 ? ".." : entry.name;
    // A link whose tag was not told has to be looked at before its type is known.
    const bool unsure = entry.attributes.has(FileAttribute::reparse_point) && entry.reparse_tag == 0;
    const bool looked_up = plus && !dot && !unsure;
    fuse_entry_param param{};
    if (looked_up) param = entry_of(nodes_.look_up(node, name), entry);
    if (!looked_up) param.attr = stat_of(entry, i == 0 ? node : i == 1 ? nodes_.parent(node) : ~0u, options_.owner);
    if (unsure) param.attr.st_mode = 0;
    char* at = out.data() + used;
    const std::size_t left = out.size() - used;
    const std::size_t needed = plus ? fuse_add_direntry_plus(request.peek(), at, left, name.c_str(), &param, next)
                                    : fuse_add_direntry(request.peek(), at, left, name.c_str(), &param.attr, next);
    if (needed > left) {
      if (looked_up) nodes_.forget(param.ino, 1);
      break;
    }
    used += needed;
  }
  fuse_reply_buf(request.take(), out.data(), used);
}

}  // namespace dozo::mount
