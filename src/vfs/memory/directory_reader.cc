#include "vfs/memory/directory_reader.h"

namespace dozo::vfs::memory {

void MemoryDirectoryReader::restart() {
  dots_ = 0;
  last_.reset();
}

void MemoryDirectoryReader::add_dots(const NameFilter& filter, std::size_t max, std::vector<DirectoryEntry>& out) {
  const InodeRef parent = directory_->parent.lock();
  for (; dots_ < 2 && out.size() < max; ++dots_) {
    const std::string_view name = dots_ == 0 ? "." : "..";
    const Inode& inode = dots_ == 1 && parent ? *parent : *directory_;
    if (filter.matches(name)) out.push_back({std::string(name), info_of(inode)});
  }
}

Task<Result<std::vector<DirectoryEntry>>> MemoryDirectoryReader::next(const NameFilter& filter, std::size_t max) {
  DOZO_CO_CHECK(co_await tree_->turn());
  const std::lock_guard lock(tree_->mutex());
  std::vector<DirectoryEntry> out;
  add_dots(filter, max, out);
  const auto& children = directory_->children;
  for (auto it = last_ ? children.upper_bound(*last_) : children.begin(); it != children.end(); ++it) {
    if (out.size() == max) break;
    last_ = it->first;
    if (filter.matches(it->second.name)) out.push_back({it->second.name, info_of(*it->second.inode)});
  }
  co_return out;
}

}  // namespace dozo::vfs::memory
