// PersistentStore: the persistent opens on disk, so that a server that starts anew has them again. One SQLite file in
// the state directory (WAL; every change is on the disk when the call returns).
#pragma once

#include <atomic>
#include <expected>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/mutex.h"
#include "model/access_mask.h"
#include "model/create.h"
#include "server/durable/handle.h"
#include "share/engine.h"
#include "vfs/types.h"

namespace dozo::identity {
class SqliteDatabase;
}

namespace dozo::server {

// One open, as it has to be made again.
struct PersistentOpen {
  std::uint64_t id = 0;  // FileId.Persistent
  std::string share;     // its name
  vfs::Path path;
  std::string stream;
  vfs::NodeId node;  // what the path has to lead to
  AccessMask granted;
  DurableHandle handle;
  OplockLevel oplock = OplockLevel::none;
  bool delete_pending = false;
  share::HeldLocks held;  // LockInfo::open means nothing here
};

// What changes of an open without its doing.
struct PersistentState {
  std::uint64_t id = 0;  // FileId.Persistent
  OplockLevel oplock = OplockLevel::none;
  LeaseState lease;
  std::uint16_t epoch = 0;
  bool delete_pending = false;
};

struct PersistentLocks {
  std::uint64_t id = 0;  // FileId.Persistent
  share::HeldLocks held;
};

using StoreResult = std::expected<void, std::string>;

// Thread-safe; every call may block on the disk: they are made off the loops. Errors are for people.
//
// What is to be stored is asked for (`current`, a function without arguments) while the store is locked, and so last by
// who writes last: of two who change an open at once neither leaves in the store what the other has made obsolete. It
// may ask the share engine, and must not call the store.
class PersistentStore {
 public:
  // Makes the file when there is none. A damaged one is put aside, with a line in the log: the handles in it are lost,
  // the files are not.
  static std::expected<std::unique_ptr<PersistentStore>, std::string> open(const std::string& state_directory);
  ~PersistentStore();
  PersistentStore(const PersistentStore&) = delete;
  PersistentStore& operator=(const PersistentStore&) = delete;

  // current() -> std::optional<PersistentOpen>: all of it, in place of what there was of its id; nothing of nullopt.
  template <class Current>
  StoreResult put(Current current) {
    const MutexLock lock(mutex_);
    // First: who changes the open from here on, and finds the store not empty, comes after this.
    empty_.store(false);
    const std::optional<PersistentOpen> open = current();
    return open ? write(*open) : look_whether_empty();
  }
  // current() -> std::vector<PersistentLocks>, of ids that are there or not: all of them at once, or none.
  template <class Current>
  StoreResult put_locks(Current current) {
    const MutexLock lock(mutex_);
    return write(current());
  }
  // current() -> std::vector<PersistentState>, of ids that are there or not.
  template <class Current>
  StoreResult put_states(Current current) {
    const MutexLock lock(mutex_);
    return write(current());
  }
  // Every open of the share's path has another one now.
  StoreResult rename(const std::string& share, const vfs::Path& from, const vfs::Path& to);
  StoreResult erase(std::uint64_t id);
  // Rows that make no sense are left out, with a line in the log.
  std::expected<std::vector<PersistentOpen>, std::string> load();

  // Whether there is anything in it; no look at the disk.
  bool empty() const { return empty_.load(); }

 private:
  PersistentStore();
  StoreResult look_whether_empty() DOZO_REQUIRES(mutex_);
  StoreResult write(const PersistentOpen& open) DOZO_REQUIRES(mutex_);
  StoreResult write(const std::vector<PersistentLocks>& locks) DOZO_REQUIRES(mutex_);
  StoreResult write(const std::vector<PersistentState>& states) DOZO_REQUIRES(mutex_);

  Mutex mutex_;
  std::unique_ptr<identity::SqliteDatabase> database_ DOZO_GUARDED_BY(mutex_);
  std::atomic<bool> empty_{true};
};

}  // namespace dozo::server
