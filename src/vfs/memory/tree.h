// Tree: the state of a memory volume and the synchronous operations on it. A class of its own because files, readers
// and watches share it with the volume.
#pragma once

#include <atomic>
#include <memory>
#include <mutex>

#include "runtime/task.h"
#include "vfs/memory/inode.h"
#include "vfs/memory/volume.h"
#include "vfs/memory/watches.h"

namespace dozo::vfs::memory {

class Tree {
 public:
  explicit Tree(const MemoryOptions& options);
  ~Tree();

  // Before each operation: the injected delay and failure.
  Task<Result<>> turn();
  // Before one on a name, which may be injected to mean something else: STATUS_RETRY.
  Task<Result<>> name_turn();
  // STATUS_MEDIA_WRITE_PROTECTED on a volume that is read-only.
  Result<> check_writable() const;

  std::u16string key(std::string_view name) const;
  static FileTime now();

  // Callers of what follows hold mutex().
  std::mutex& mutex() { return mutex_; }
  InodeRef root() const { return root_; }
  std::shared_ptr<Space> space() const { return space_; }
  Watches& watches() { return watches_; }
  OutsideWatches& outside() { return outside_; }
  const MemoryOptions& options() const { return options_; }
  FileTime created() const { return created_; }

  Result<Resolved> resolve(const Path& path, ResolveOptions options) const;
  // What `resolved` found, if its name still means it; else STATUS_RETRY.
  Result<InodeRef> confirm(const Resolved& resolved) const;
  // The entry at `where` if it is `expected`; else STATUS_OBJECT_NAME_NOT_FOUND.
  Result<InodeRef> confirm(const Location& where, NodeId expected) const;

  Result<InodeRef> create(const Resolved& at, const CreateSpec& spec);
  Result<> remove(const Location& where, NodeId expected);
  Result<Location> rename(const Location& from, NodeId expected, const Resolved& to, bool replace);
  Result<> link(const Location& from, NodeId expected, const Resolved& to, bool replace);

  // Fault injection.
  void set_delay(Duration delay) { delay_ns_ = delay.count(); }
  void fail_once(NtStatus status, unsigned after);
  void hold_once(Duration delay, unsigned after);
  void unsettle(int countdown, NtStatus status);  // -1: not
  void set_gone(bool gone) { gone_ = gone; }

 private:
  InodeRef make_inode(NodeType type);
  InodeRef child_of(const Inode& directory, std::string_view name) const;
  Result<> check_name(std::string_view name) const;
  // The name of what went, as stored; empty: nothing.
  Result<std::string> make_room(const Resolved& to, bool replace, const Inode& newcomer);
  void attach(const InodeRef& directory, std::string_view name, const InodeRef& inode);
  void detach(const InodeRef& directory, std::string_view name, const InodeRef& inode);

  const MemoryOptions options_;
  const FileTime created_;
  std::shared_ptr<Space> space_;
  std::atomic<Duration::rep> delay_ns_ = 0;
  std::atomic<Duration::rep> hold_ns_ = 0;
  std::atomic<int> hold_countdown_ = -1;
  std::atomic<int> unsettled_countdown_ = -1;  // at 0 every name is unsettled
  std::atomic<NtStatus> unsettled_status_ = NtStatus::RETRY;
  std::atomic<int> fail_countdown_ = -1;
  std::atomic<NtStatus> fail_status_{};
  std::atomic<bool> gone_ = false;
  std::mutex mutex_;
  Watches watches_;
  OutsideWatches outside_;
  std::uint64_t next_inode_ = 1;
  InodeRef root_;
};

}  // namespace dozo::vfs::memory
