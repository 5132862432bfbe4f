// PosixVolume: puts the parts together.
#pragma once

#include "vfs/changes.h"
#include "vfs/posix/share.h"
#include "vfs/posix/volume.h"

namespace dozo::vfs::posix {

class WatchHubs;
class OutsideHub;

class PosixVolume final : public Volume {
 public:
  explicit PosixVolume(ShareRef share);
  ~PosixVolume() override;

  Task<Result<VolumeInfo>> volume_info(CallerRef caller) override;
  Task<Result<Resolved>> resolve(CallerRef caller, const Path& path, ResolveOptions options) override;
  Task<Result<FileRef>> open(CallerRef caller, const Resolved& resolved, OpenFor use) override;
  Task<Result<FileRef>> create(CallerRef caller, const Resolved& resolved, const CreateSpec& spec) override;
  Task<Result<>> overwrite(CallerRef caller, File& file, FileAttributes attributes) override;
  Task<Result<Permissions>> permissions(CallerRef caller, const Resolved& resolved) override;
  Task<Result<NodeInfo>> node_info(const NodeRef& node) override;
  Task<Result<>> remove(CallerRef caller, const Location& where, NodeId expected) override;
  Task<Result<Location>> rename(CallerRef caller, const Location& from, NodeId expected, const Resolved& to,
                                bool replace) override;
  Task<Result<>> link(CallerRef caller, const Location& from, NodeId expected, const Resolved& to,
                      bool replace) override;
  Task<Result<FileRef>> open_stream(CallerRef caller, const Resolved& resolved, std::string_view stream,
                                    StreamMode mode, OpenFor use) override;
  Task<Result<>> rename_stream(CallerRef caller, const Resolved& resolved, std::string_view from, std::string_view to,
                               bool replace) override;
  Task<Result<>> remove_stream(CallerRef caller, const Resolved& resolved, std::string_view stream) override;
  Task<Result<std::string>> read_symlink(CallerRef caller, const Resolved& resolved) override;
  Task<Result<>> make_symlink(CallerRef caller, const Location& where, NodeId expected,
                              std::string_view target) override;
  Task<Result<std::unique_ptr<Watch>>> watch(CallerRef caller, File& directory, bool subtree,
                                             WatchListener& listener) override;
  Result<std::unique_ptr<Watch>> watch_outside(const NodeRef& node, OutsideListenerRef listener) override;

  const Share& share() const { return *share_; }

 private:
  // To those who watch, what was done.
  void tell_entry(const NodeRef& directory, NamedChange change);
  void tell_rename(const Location& from, const Resolved& to, const RenameMade& made);
  void tell_stream(int file, ChangeAction action, std::string_view stream);
  Task<Result<OpenFd>> open_as(CallerRef caller, const Resolved& resolved, int flags);

  ShareRef share_;
  std::unique_ptr<WatchHubs> hubs_;
  std::shared_ptr<OutsideHub> outside_;
};

}  // namespace dozo::vfs::posix
