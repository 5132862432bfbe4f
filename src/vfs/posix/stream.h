// Named streams in extended attributes, as Samba's streams_xattr keeps them: "user.DosStream.NAME:$DATA" with one
// byte after the data. The file system bounds their size: STATUS_DISK_FULL or STATUS_EA_TOO_LARGE beyond.
#pragma once

#include "vfs/posix/share.h"

namespace dozo::vfs::posix {

std::vector<StreamInfo> list_streams(const Share& share, int fd);
struct OpenedStream {
  std::string xattr;
  bool made = false;
  bool emptied = false;
};
// The stream's extended attribute, made or emptied as `mode` says. `fd` may be O_PATH.
Result<OpenedStream> open_stream_xattr(const Share& share, int fd, std::string_view stream, StreamMode mode);
Result<> remove_stream_xattr(const Share& share, int fd, std::string_view stream);
Result<> rename_stream_xattr(const Share& share, int fd, std::string_view from, std::string_view to, bool replace);
// `fd` is open for writing: its data become those of the stream, which goes.
Result<> make_stream_main(const Share& share, int fd, std::string_view stream);

class PosixStream final : public File {
 public:
  PosixStream(ShareRef share, OpenFd fd, NodeId id, std::string xattr, OpenFor use)
      : share_(std::move(share)), fd_(std::move(fd)), id_(id), xattr_(std::move(xattr)), use_(use) {}

  NodeId id() const override { return id_; }
  NodeType type() const override { return NodeType::file; }
  Task<Result<NodeInfo>> info() override;
  Task<Result<std::size_t>> read_at(std::uint64_t offset, MutableBytes into) override;
  Task<Result<>> write_at(std::uint64_t offset, Bytes from) override;
  Task<Result<>> flush() override;
  Task<Result<>> set_size(std::uint64_t size) override;
  Task<Result<>> set_allocation(std::uint64_t size) override;
  Task<Result<>> zero_range(ByteRange range) override;
  Task<Result<std::vector<ByteRange>>> allocated_ranges(ByteRange within) override;
  Task<Result<>> set_times(const TimesUpdate& times) override;
  Task<Result<>> set_attributes(FileAttributes attributes) override;
  Task<Result<>> set_sparse(bool sparse) override;
  Task<Result<>> set_ownership(CallerRef caller, const OwnershipUpdate& update) override;
  Task<Result<std::vector<ExtendedAttribute>>> extended_attributes() override;
  Task<Result<>> set_extended_attribute(std::string_view name, Bytes value) override;
  Task<Result<std::vector<StreamInfo>>> streams() override;

 private:
  Result<ByteVector> load() const;
  Result<> store(Bytes data) const;
  // `done`, after those who watch the file have been told of it.
  Result<> told(Result<> done, ChangeKinds kinds) const;
  Result<> check_change() const;

  ShareRef share_;
  OpenFd fd_;
  NodeId id_;
  std::string xattr_;
  OpenFor use_;
};

}  // namespace dozo::vfs::posix
