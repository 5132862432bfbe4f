// PosixDirectoryReader: a batch of entries is one job off the loop.
#pragma once

#include <optional>

#include "vfs/posix/share.h"

namespace dozo::vfs::posix {

class PosixDirectoryReader final : public DirectoryReader {
 public:
  // `fd` is open for reading; `path` is where the directory was opened (symlinks in it are followed from the root).
  PosixDirectoryReader(ShareRef share, UniqueFd fd, Path path)
      : share_(std::move(share)), fd_(std::move(fd)), path_(std::move(path)) {}
  Task<Result<std::vector<DirectoryEntry>>> next(const NameFilter& filter, std::size_t max) override;
  void restart() override;

 private:
  Result<std::vector<DirectoryEntry>> read_batch(const NameFilter& filter, std::size_t max);
  void add_dots(const NameFilter& filter, std::size_t max, std::vector<DirectoryEntry>& out);
  Errno<std::optional<std::string>> next_name();  // on disk; nullopt: the end
  std::optional<DirectoryEntry> entry(const std::string& disk_name, std::string client_name) const;

  ShareRef share_;
  UniqueFd fd_;
  Path path_;
  int dots_ = 0;  // of "." and "..", how many are behind us
  ByteVector buffer_;
  std::size_t filled_ = 0;
  std::size_t position_ = 0;
};

}  // namespace dozo::vfs::posix
