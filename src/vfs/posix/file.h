// PosixFile: an open file or directory. Data operations on the descriptor, as the process itself: what the open
// permits was decided when it was made.
#pragma once

#include "vfs/posix/share.h"

namespace dozo::vfs::posix {

class PosixFile final : public File {
 public:
  PosixFile(ShareRef share, OpenFd fd, NodeId id, NodeType type, OpenFor use, Path path)
      : share_(std::move(share)), fd_(std::move(fd)), id_(id), type_(type), use_(use), path_(std::move(path)) {}

  NodeId id() const override { return id_; }
  NodeType type() const override { return type_; }
  Task<Result<NodeInfo>> info() override;
  Task<Result<std::size_t>> read_at(std::uint64_t offset, MutableBytes into) override;
  Task<Result<>> write_at(std::uint64_t offset, Bytes from) override;
  Task<Result<>> flush() override;
  Task<Result<>> set_size(std::uint64_t size) override;
  Task<Result<>> set_allocation(std::uint64_t size) override;
  Task<Result<>> zero_range(ByteRange range) override;
  Task<Result<std::vector<ByteRange>>> allocated_ranges(ByteRange within) override;
  Task<Result<std::uint64_t>> copy_from(File& source, ByteRange range, std::uint64_t to_offset) override;
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

  int fd() const { return fd_.get(); }
  // As it was opened: a hint for what has to walk from the root.
  const Path& path() const { return path_; }

 private:
  std::string_view name() const { return path_.empty() ? std::string_view() : std::string_view(path_.back()); }
  Result<> check_data(bool granted) const;
  Result<> check_change() const;
  // `done`, after those who watch have been told of it.
  Result<> told(Result<> done, ChangeKinds kinds) const;
  // Which kinds a write to here will be; looked up only when somebody watches.
  ChangeKinds kinds_of_write_at(std::uint64_t offset, std::uint64_t length) const;

  ShareRef share_;
  OpenFd fd_;
  NodeId id_;
  NodeType type_;
  OpenFor use_;
  Path path_;
};

}  // namespace dozo::vfs::posix
