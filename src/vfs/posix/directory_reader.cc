#include "vfs/posix/directory_reader.h"

#include <sys/syscall.h>

#include <cerrno>

#include "vfs/posix/name_map.h"
#include "vfs/posix/node_info.h"

namespace dozo::vfs::posix {

void PosixDirectoryReader::restart() {
  dots_ = 0;
  filled_ = position_ = 0;
  lseek(fd_.get(), 0, SEEK_SET);
}

Task<Result<std::vector<DirectoryEntry>>> PosixDirectoryReader::next(const NameFilter& filter, std::size_t max) {
  co_return co_await runtime::offload(runtime::Loop::current(),
                                      [this, &filter, max] { return read_batch(filter, max); });
}

Errno<std::optional<std::string>> PosixDirectoryReader::next_name() {
  constexpr std::size_t kBuffer = 32 * 1024;
  constexpr std::size_t kNameOffset = 19;  // of linux_dirent64: inode, position, length, type
  if (buffer_.empty()) buffer_.resize(kBuffer);
  if (position_ == filled_) {
    const long n = syscall(SYS_getdents64, fd_.get(), buffer_.data(), buffer_.size());
    if (n < 0) return std::unexpected(errno);
    if (n == 0) return std::nullopt;
    filled_ = static_cast<std::size_t>(n);
    position_ = 0;
  }
  ByteReader in(Bytes(buffer_).first(filled_), position_);
  in.skip(16);
  const std::uint16_t length = in.u16();
  const Bytes text = in.slice(position_ + kNameOffset, std::uint64_t{length} - kNameOffset);
  if (!in.ok()) return std::unexpected(EIO);
  position_ += length;
  const std::string_view padded = as_text(text);
  return std::string(padded.substr(0, padded.find('\0')));
}

void PosixDirectoryReader::add_dots(const NameFilter& filter, std::size_t max, std::vector<DirectoryEntry>& out) {
  for (; dots_ < 2 && out.size() < max; ++dots_) {
    const char* const name = dots_ == 0 ? "." : "..";
    if (!filter.matches(name)) continue;
    // Nothing is told of what is above the root.
    const auto self = status_of_fd(fd_.get());
    const bool is_root = self && id_of(*self) == share_->root->id();
    const char* const shown = is_root ? "." : name;
    const auto status = status_of_entry(fd_.get(), shown);
    if (status) out.push_back({name, node_info(*share_, *status, {fd_.get(), shown}, name)});
  }
}

std::optional<DirectoryEntry> PosixDirectoryReader::entry(const std::string& disk_name, std::string client_name) const {
  const auto status = status_of_entry(fd_.get(), disk_name.c_str());
  if (!status) return std::nullopt;  // it has gone meanwhile
  if (type_of(status->stx_mode) != NodeType::symlink) {
    NodeInfo info = node_info(*share_, *status, {fd_.get(), disk_name.c_str()}, client_name);
    return DirectoryEntry{std::move(client_name), std::move(info)};
  }
  // A symlink shows as what it leads to. One that leads nowhere, or out of the share, is not shown.
  std::vector<std::string> disk;
  for (const std::string& component : path_) disk.push_back(to_disk_name(component).value_or(std::string()));
  disk.push_back(disk_name);
  const auto target = share_->open_beneath(share_->root->fd(), join(disk).c_str(), O_PATH, Wait::yes);
  if (!target) return std::nullopt;
  auto info = node_info(*share_, target->get(), client_name);
  if (!info) return std::nullopt;
  return DirectoryEntry{std::move(client_name), std::move(*info)};
}

Result<std::vector<DirectoryEntry>> PosixDirectoryReader::read_batch(const NameFilter& filter, std::size_t max) {
  constexpr std::size_t kReserveMax = 512;
  std::vector<DirectoryEntry> out;
  out.reserve(std::min(max, kReserveMax));
  add_dots(filter, max, out);
  while (out.size() < max) {
    const auto name = next_name();
    if (!name) return fail_errno(name.error());
    if (!*name) break;
    if (**name == "." || **name == "..") continue;
    std::string client = to_client_name(**name);
    if (!filter.matches(client)) continue;
    if (auto found = entry(**name, std::move(client))) out.push_back(std::move(*found));
  }
  return out;
}

}  // namespace dozo::vfs::posix
