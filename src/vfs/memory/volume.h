// MemoryVolume: a complete file system in memory, for tests, simulation and scratch shares. Permission-free; ignores
// the caller. Times come from Loop::current(), so a simulated clock rules them.
#pragma once

#include <memory>

#include "base/time.h"
#include "vfs/volume.h"

namespace dozo::vfs {

namespace memory {
class Tree;
}

struct MemoryOptions {
  bool case_sensitive = false;
  bool read_only = false;
  std::uint64_t capacity = 1ull << 40;  // bytes; what goes beyond is STATUS_DISK_FULL
};

// Resource; any loop.
class MemoryVolume final : public Volume {
 public:
  explicit MemoryVolume(MemoryOptions options = {});
  ~MemoryVolume() override;

  // Fault injection. Any thread.
  void set_capacity(std::uint64_t bytes);
  void set_delay(Duration delay);                       // every operation completes so much later
  void fail_once(NtStatus status, unsigned after = 0);  // the operation after `after` others fails
  void hold_once(Duration delay, unsigned after = 0);   // or completes so much later, and those behind it do not
  // Behind `after` others, each operation on a name that may say STATUS_RETRY says `status`, until settle().
  void unsettle(unsigned after = 0, NtStatus status = NtStatus::RETRY);
  void settle();
  void set_gone(bool gone);  // as for a program that was killed: all it does fails

  // As if another program did it. Any thread. They fail as the operations do.
  Result<NodeId> outside_write(const Path& path, std::string_view text);  // makes the file or replaces what is in it
  Result<NodeId> outside_look(const Path& path);
  Result<> outside_remove(const Path& path);
  void set_outside_changes_seen(bool seen);  // false: watch_outside is STATUS_NOT_SUPPORTED

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
  Task<Result<>> remove_stream(CallerRef caller, const Resolved& resolved, std::string_view stream) override;
  Task<Result<>> rename_stream(CallerRef caller, const Resolved& resolved, std::string_view from, std::string_view to,
                               bool replace) override;
  Task<Result<std::string>> read_symlink(CallerRef caller, const Resolved& resolved) override;
  Task<Result<>> make_symlink(CallerRef caller, const Location& where, NodeId expected,
                              std::string_view target) override;
  Task<Result<std::unique_ptr<Watch>>> watch(CallerRef caller, File& directory, bool subtree,
                                             WatchListener& listener) override;
  Result<std::unique_ptr<Watch>> watch_outside(const NodeRef& node, OutsideListenerRef listener) override;

 private:
  std::shared_ptr<memory::Tree> tree_;
};

}  // namespace dozo::vfs
