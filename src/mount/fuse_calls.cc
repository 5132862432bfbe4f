// What libfuse calls: each function takes what it is given by value and starts a task of the file system.
#include <algorithm>
#include <cstring>

#include "base/unicode.h"
#include "mount/filesystem.h"

namespace dozo::mount {
namespace {

constexpr unsigned kPieceMax = 1024 * 1024;  // of a READ or a WRITE
constexpr unsigned kBackgroundMax = 1024;
constexpr std::size_t kNameUnitsMax = 255;  // [MS-FSCC] 2.1.5.2

}  // namespace

struct Calls {
  static Filesystem& of(fuse_req_t request) { return *static_cast<Filesystem*>(fuse_req_userdata(request)); }

  static void init(void*, fuse_conn_info* connection) {
    connection->max_write = kPieceMax;
    connection->max_readahead = std::min(connection->max_readahead, 8 * kPieceMax);
    // Files that were closed are told of in the background: what is removed or renamed next must not overtake that.
    connection->max_background = kBackgroundMax;
    connection->congestion_threshold = kBackgroundMax / 4 * 3;
    const unsigned wanted = FUSE_CAP_ASYNC_READ | FUSE_CAP_PARALLEL_DIROPS | FUSE_CAP_READDIRPLUS |
                            FUSE_CAP_READDIRPLUS_AUTO | FUSE_CAP_ATOMIC_O_TRUNC;
    connection->want |= wanted & connection->capable;
    // Data comes and goes in memory.
    connection->want &= ~static_cast<unsigned>(FUSE_CAP_SPLICE_READ | FUSE_CAP_SPLICE_WRITE | FUSE_CAP_SPLICE_MOVE);
  }

  static void lookup(fuse_req_t request, fuse_ino_t parent, const char* name) {
    of(request).start(of(request).look_up(Request(request), parent, name));
  }
  static void forget(fuse_req_t request, fuse_ino_t node, std::uint64_t times) {
    of(request).nodes_.forget(node, times);
    fuse_reply_none(request);
  }
  static void forget_multi(fuse_req_t request, std::size_t count, fuse_forget_data* forgets) {
    for (std::size_t i = 0; i < count; ++i) of(request).nodes_.forget(forgets[i].ino, forgets[i].nlookup);
    fuse_reply_none(request);
  }
  static void getattr(fuse_req_t request, fuse_ino_t node, fuse_file_info*) {
    of(request).start(of(request).get_attributes(Request(request), node));
  }
  static void setattr(fuse_req_t request, fuse_ino_t node, struct stat* wanted, int which, fuse_file_info* info) {
    Filesystem& self = of(request);
    if (self.options_.read_only) return Request(request).error(EROFS);
    auto file = info == nullptr ? nullptr : self.find_file(info->fh);
    self.start(self.set_attributes(Request(request), node, *wanted, which, std::move(file)));
  }
  static void readlink(fuse_req_t request, fuse_ino_t node) {
    of(request).start(of(request).read_link(Request(request), node));
  }

  // Whether a name can be one of the share; else the request is answered.
  static bool is_fit(fuse_req_t request, const char* name) {
    if (of(request).options_.read_only) return Request(request).error(EROFS), false;
    const auto units = utf8_to_utf16(name);
    const bool has_backslash = std::strchr(name, '\\') != nullptr;
    if (has_backslash || !units) return Request(request).error(EINVAL), false;
    if (units->size() > kNameUnitsMax) return Request(request).error(ENAMETOOLONG), false;
    return true;
  }
  static void mkdir(fuse_req_t request, fuse_ino_t parent, const char* name, mode_t) {
    if (is_fit(request, name)) of(request).start(of(request).make_folder(Request(request), parent, name));
  }
  static void unlink(fuse_req_t request, fuse_ino_t parent, const char* name) {
    if (is_fit(request, name)) of(request).start(of(request).remove(Request(request), parent, name, false));
  }
  static void rmdir(fuse_req_t request, fuse_ino_t parent, const char* name) {
    if (is_fit(request, name)) of(request).start(of(request).remove(Request(request), parent, name, true));
  }
  static void symlink(fuse_req_t request, const char* target, fuse_ino_t parent, const char* name) {
    if (is_fit(request, name)) of(request).start(of(request).make_link(Request(request), target, parent, name));
  }
  static void rename(fuse_req_t request, fuse_ino_t parent, const char* name, fuse_ino_t new_parent,
                     const char* new_name, unsigned flags) {
    constexpr unsigned kNoReplace = 1;  // RENAME_NOREPLACE
    if ((flags & ~kNoReplace) != 0) return Request(request).error(EINVAL);
    if (!is_fit(request, new_name)) return;
    Filesystem& self = of(request);
    self.start(self.rename(Request(request), parent, name, new_parent, new_name, flags == 0));
  }
  static void statfs(fuse_req_t request, fuse_ino_t) { of(request).start(of(request).tell_space(Request(request))); }

  static void create(fuse_req_t request, fuse_ino_t parent, const char* name, mode_t, fuse_file_info* info) {
    if (is_fit(request, name)) of(request).start(of(request).create(Request(request), parent, name, *info));
  }
  static void open(fuse_req_t request, fuse_ino_t node, fuse_file_info* info) {
    of(request).start(of(request).open(Request(request), node, *info));
  }
  static void read(fuse_req_t request, fuse_ino_t, std::size_t size, off_t offset, fuse_file_info* info) {
    Filesystem& self = of(request);
    auto file = self.find_file(info->fh);
    if (!file || offset < 0) return Request(request).error(EBADF);
    const std::size_t most = std::min<std::size_t>(size, 8 * std::size_t{kPieceMax});
    self.start(self.read(Request(request), std::move(file), static_cast<std::uint64_t>(offset), most));
  }
  static void write(fuse_req_t request, fuse_ino_t, const char* data, std::size_t size, off_t offset,
                    fuse_file_info* info) {
    Filesystem& self = of(request);
    auto file = self.find_file(info->fh);
    if (!file || offset < 0) return Request(request).error(EBADF);
    runtime::Buffer copy = runtime::Buffer::allocate(size);
    copy.resize(size);
    std::memcpy(copy.data(), data, size);
    self.start(self.write(Request(request), std::move(file), static_cast<std::uint64_t>(offset), std::move(copy)));
  }
  static void fsync(fuse_req_t request, fuse_ino_t, int, fuse_file_info* info) {
    Filesystem& self = of(request);
    auto file = self.find_file(info->fh);
    if (!file) return Request(request).error(EBADF);
    // Only what may write has something to flush.
    if (!file->writes) return Request(request).done();
    self.start(self.sync(Request(request), std::move(file)));
  }
  static void release(fuse_req_t request, fuse_ino_t, fuse_file_info* info) {
    of(request).start(of(request).release(Request(request), info->fh));
  }

  static void opendir(fuse_req_t request, fuse_ino_t node, fuse_file_info* info) {
    of(request).start(of(request).open_folder(Request(request), node, *info));
  }
  static void list(fuse_req_t request, fuse_ino_t node, std::size_t size, off_t from, fuse_file_info* info, bool plus) {
    Filesystem& self = of(request);
    const auto listing = self.listings_.find(info->fh);
    if (listing == self.listings_.end() || from < 0) return Request(request).error(EBADF);
    self.list(Request(request), node, listing->second, size, static_cast<std::size_t>(from), plus);
  }
  static void readdir(fuse_req_t request, fuse_ino_t node, std::size_t size, off_t from, fuse_file_info* info) {
    list(request, node, size, from, info, false);
  }
  static void readdirplus(fuse_req_t request, fuse_ino_t node, std::size_t size, off_t from, fuse_file_info* info) {
    list(request, node, size, from, info, true);
  }
  static void releasedir(fuse_req_t request, fuse_ino_t, fuse_file_info* info) {
    of(request).listings_.erase(info->fh);
    Request(request).done();
  }
};

const fuse_lowlevel_ops& Filesystem::operations() {
  static const fuse_lowlevel_ops table = [] {
    fuse_lowlevel_ops out{};
    out.init = Calls::init;
    out.lookup = Calls::lookup;
    out.forget = Calls::forget;
    out.forget_multi = Calls::forget_multi;
    out.getattr = Calls::getattr;
    out.setattr = Calls::setattr;
    out.readlink = Calls::readlink;
    out.mkdir = Calls::mkdir;
    out.unlink = Calls::unlink;
    out.rmdir = Calls::rmdir;
    out.symlink = Calls::symlink;
    out.rename = Calls::rename;
    out.statfs = Calls::statfs;
    out.create = Calls::create;
    out.open = Calls::open;
    out.read = Calls::read;
    out.write = Calls::write;
    out.fsync = Calls::fsync;
    out.release = Calls::release;
    out.opendir = Calls::opendir;
    out.readdir = Calls::readdir;
    out.readdirplus = Calls::readdirplus;
    out.releasedir = Calls::releasedir;
    return out;
  }();
  return table;
}

}  // namespace dozo::mount
