// MemoryDirectoryReader: lists by key, so that entries which come and go meanwhile neither repeat nor hide others.
#pragma once

#include "vfs/memory/tree.h"

namespace dozo::vfs::memory {

class MemoryDirectoryReader final : public DirectoryReader {
 public:
  MemoryDirectoryReader(std::shared_ptr<Tree> tree, InodeRef directory)
      : tree_(std::move(tree)), directory_(std::move(directory)) {}
  Task<Result<std::vector<DirectoryEntry>>> next(const NameFilter& filter, std::size_t max) override;
  void restart() override;

 private:
  void add_dots(const NameFilter& filter, std::size_t max, std::vector<DirectoryEntry>& out);

  std::shared_ptr<Tree> tree_;
  InodeRef directory_;
  int dots_ = 0;  // of "." and "..", how many are behind us
  std::optional<std::u16string> last_;
};

}  // namespace dozo::vfs::memory
