// Open files.
#include <fcntl.h>

#include <algorithm>

#include "mount/filesystem.h"

namespace dozo::mount {
namespace {

bool writes(int flags) { return (flags & O_ACCMODE) != O_RDONLY; }

AccessMask access_of(int flags) {
  AccessMask access = Access::read_attributes | Access::synchronize;
  if ((flags & O_ACCMODE) != O_WRONLY) access |= kFileGenericRead;
  if (writes(flags)) access |= kFileGenericWrite;
  return access;
}

}  // namespace

runtime::Task<Result<std::unique_ptr<client::LinkedFile>>> Filesystem::open_path(std::string path, int flags,
                                                                                 CreateDisposition disposition) {
  client::OpenOptions options{.path = std::move(path),
                              .access = access_of(flags),
                              .disposition = disposition,
                              .options = CreateOption::non_directory_file,
                              .attributes = {},
                              .contexts = {}};
  auto file = co_await client::LinkedFile::open(link_, std::move(options));
  if (file) (*file)->go_on_without_it();
  co_return file;
}

std::uint64_t Filesystem::keep(NodeId node, std::unique_ptr<client::LinkedFile> file, int flags) {
  auto open = std::make_shared<OpenFile>();
  open->node = node;
  open->file = std::move(file);
  open->writes = writes(flags);
  files_[++last_handle_] = std::move(open);
  return last_handle_;
}

Filesystem::OpenFilePtr Filesystem::find_file(std::uint64_t handle) const {
  const auto found = files_.find(handle);
  return found == files_.end() ? nullptr : found->second;
}

Filesystem::OpenFilePtr Filesystem::find_writer(NodeId node) const {
  const auto found =
      std::ranges::find_if(files_, [node](const auto& one) { return one.second->node == node && one.second->writes; });
  return found == files_.end() ? nullptr : found->second;
}

bool Filesystem::is_open(NodeId node) const {
  return std::ranges::any_of(files_, [node](const auto& one) { return one.second->node == node; });
}

void Filesystem::tell_files_where_they_are() {
  for (const auto& [handle, open] : files_) {
    if (auto path = nodes_.path(open->node)) open->file->moved_to(std::move(*path));
  }
}

runtime::Task<void> Filesystem::create(Request request, NodeId parent, Name name, fuse_file_info info) {
  const auto path = nodes_.path(parent, name);
  if (!path) co_return request.status(NtStatus::FILE_DELETED);
  CreateDisposition disposition = CreateDisposition::open_if;
  if ((info.flags & O_TRUNC) != 0) disposition = CreateDisposition::overwrite_if;
  if ((info.flags & O_EXCL) != 0) disposition = CreateDisposition::create;
  auto file = co_await open_path(*path, info.flags, disposition);
  if (!file) co_return request.status(file.error());
  const wire::CreateResponse& made = (*file)->created();
  const client::DirectoryEntry entry{.attributes = made.file_attributes,
                                     .size = made.end_of_file,
                                     .allocation_size = made.allocation_size,
                                     .creation_time = made.creation_time,
                                     .last_access_time = made.last_access_time,
                                     .last_write_time = made.last_write_time,
                                     .change_time = made.change_time};
  const NodeId node = nodes_.look_up(parent, name);
  info.fh = keep(node, std::move(*file), info.flags);
  const fuse_entry_param out = entry_of(node, entry);
  if (fuse_reply_create(request.take(), &out, &info) == 0) co_return;
  // Nobody waits for it any more.
  const OpenFilePtr unwanted = std::exchange(files_[info.fh], nullptr);
  files_.erase(info.fh);
  nodes_.forget(node, 1);
  const auto closed = co_await unwanted->file->close();
  static_cast<void>(closed);
}

runtime::Task<void> Filesystem::open(Request request, NodeId node, fuse_file_info info) {
  const auto path = nodes_.path(node);
  if (!path) co_return request.status(NtStatus::FILE_DELETED);
  const bool truncates = (info.flags & O_TRUNC) != 0 && writes(info.flags);
  auto file = co_await open_path(*path, info.flags, truncates ? CreateDisposition::overwrite : CreateDisposition::open);
  if (!file) co_return request.status(file.error());
  info.fh = keep(node, std::move(*file), info.flags);
  if (fuse_reply_open(request.take(), &info) == 0) co_return;
  const OpenFilePtr unwanted = std::exchange(files_[info.fh], nullptr);
  files_.erase(info.fh);
  const auto closed = co_await unwanted->file->close();
  static_cast<void>(closed);
}

runtime::Task<void> Filesystem::read(Request request, OpenFilePtr file, std::uint64_t offset, std::size_t size) {
  runtime::Buffer buffer = runtime::Buffer::allocate(size);
  buffer.resize(size);
  const auto got = co_await file->file->read_range(offset, buffer.mutable_view());
  if (!got) co_return request.status(got.error());
  fuse_reply_buf(request.take(), as_text(buffer.view()).data(), *got);
}

runtime::Task<void> Filesystem::write(Request request, OpenFilePtr file, std::uint64_t offset, runtime::Buffer data) {
  const auto written = co_await file->file->write_range(offset, data.view());
  if (!written) co_return request.status(written.error());
  fuse_reply_write(request.take(), data.size());
}

runtime::Task<void> Filesystem::sync(Request request, OpenFilePtr file) {
  const auto flushed = co_await file->file->flush();
  flushed ? request.done() : request.status(flushed.error());
}

runtime::Task<void> Filesystem::release(Request request, std::uint64_t handle) {
  const OpenFilePtr file = find_file(handle);
  if (!file) co_return request.error(EBADF);
  files_.erase(handle);
  const auto closed = co_await file->file->close();
  const auto hidden = hidden_.find(file->node);
  if (hidden != hidden_.end() && !is_open(file->node)) {
    const auto [parent, name] = hidden->second;
    hidden_.erase(hidden);
    const auto path = nodes_.path(parent, name);
    if (path) {
      const auto removed = co_await remove_path(*path, false);
      static_cast<void>(removed);  // whoever removed it has been answered
    }
    nodes_.remove(parent, name);
  }
  closed ? request.done() : request.status(closed.error());
}

runtime::Task<void> Filesystem::close() {
  co_await gate_.close();
  for (const auto& [handle, open] : files_) {
    const auto closed = co_await open->file->close();
    static_cast<void>(closed);
  }
  files_.clear();
  for (const auto& [node, where] : hidden_) {
    const auto path = nodes_.path(where.first, where.second);
    if (!path) continue;
    const auto removed = co_await remove_name(link_, *path, false);
    static_cast<void>(removed);
  }
  hidden_.clear();
}

}  // namespace dozo::mount
