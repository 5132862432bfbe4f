// PersistentStore: the persistent opens on disk, so that a server that starts anew has them again. One SQLite file in
// the state directory (WAL; every change is on the disk when the call returns).
#pragma once

#include <atomic>
#include <expected>
#include <memory>
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
  std::vector<share::LockInfo> locks;  // LockInfo::open means nothing here
};

using StoreResult = std::expected<void, std::string>;

// Thread-safe; every call may block on the disk: they are made off the loops. Errors are for people.
class PersistentStore {
 public:
  // Makes the file when there is none. A damaged one is put aside, with a line in the log: the handles in it are lost,
  // the files are not.
  static std::expected<std::unique_ptr<PersistentStore>, std::string> open(const std::string& state_directory);
  ~PersistentStore();
  PersistentStore(const PersistentStore&) = delete;
  PersistentStore& operator=(const PersistentStore&) = delete;

  // All of it, in place of what there was of this id.
  StoreResult put(const PersistentOpen& open);
  StoreResult put_locks(std::uint64_t id, const std::vector<share::LockInfo>& locks);
  // Every open of the share's path has another one now.
  StoreResult rename(const std::string& share, const vfs::Path& from, const vfs::Path& to);
  StoreResult erase(std::uint64_t id);
  // Rows that make no sense are left out, with a line in the log.
  std::expected<std::vector<PersistentOpen>, std::string> load();

  // Whether there is anything in it; no look at the disk.
  bool empty() const { return empty_.load(std::memory_order_relaxed); }

 private:
  PersistentStore();
  StoreResult look_whether_empty() DOZO_REQUIRES(mutex_);

  Mutex mutex_;
  std::unique_ptr<identity::SqliteDatabase> database_ DOZO_GUARDED_BY(mutex_);
  std::atomic<bool> empty_{true};
};

}  // namespace dozo::server
