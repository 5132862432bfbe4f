// MemoryFile: an open file, directory or named stream of the memory volume.
#pragma once

#include "vfs/memory/tree.h"

namespace dozo::vfs::memory {

class MemoryFile final : public File {
 public:
  // `fork`: the inode's main one, or a stream's.
  MemoryFile(std::shared_ptr<Tree> tree, InodeRef inode, std::shared_ptr<Fork> fork, OpenFor use)
      : tree_(std::move(tree)), inode_(std::move(inode)), fork_(std::move(fork)), use_(use) {}

  NodeId id() const override { return inode_->id; }
  NodeType type() const override { return is_stream() ? NodeType::file : inode_->type; }
  Task<Result<NodeInfo>> info() override;
  Task<Result<std::size_t>> read_at(std::uint64_t offset, MutableBytes into) override;
  Task<Result<>> write_at(std::uint64_t offset, Bytes from) override;
  Task<Result<>> flush() override;
  Task<Result<>> set_size(std::uint64_t size) override;
  Task<Result<>> set_allocation(std::uint64_t size) override;
  Task<Result<>> zero_range(ByteRange range) override;
  Task<Result<std::vector<ByteRange>>> allocated_ranges(ByteRange within) override;
  Task<Result<>> clone_from(File& source, ByteRange range, std::uint64_t to_offset) override;
  Task<Result<>> set_times(const TimesUpdate& times) override;
  Task<Result<>> set_attributes(FileAttributes attributes) override;
  Task<Result<>> set_sparse(bool sparse) override;
  Task<Result<>> set_ownership(CallerRef caller, const OwnershipUpdate& update) override;
  Task<Result<std::vector<ExtendedAttribute>>> extended_attributes() override;
  Task<Result<>> set_extended_attribute(std::string_view name, Bytes value) override;
  Task<Result<std::vector<StreamInfo>>> streams() override;
  Task<Result<std::unique_ptr<DirectoryReader>>> read_directory(CallerRef caller) override;
  Task<Result<DirectoryEntry>> find_entry(CallerRef caller, std::string name) override;

  const InodeRef& inode() const { return inode_; }
  const std::shared_ptr<Fork>& fork() const { return fork_; }

 private:
  bool is_stream() const { return fork_ != inode_->main; }
  std::string stream_name() const;  // with the tree's mutex; empty when it has been removed
  Result<> check_data(bool granted) const;
  Result<> check_change() const;
  // After a change of the data. With the tree's mutex.
  void data_changed(bool size_changed);

  std::shared_ptr<Tree> tree_;
  InodeRef inode_;
  std::shared_ptr<Fork> fork_;
  OpenFor use_;
};

}  // namespace dozo::vfs::memory
