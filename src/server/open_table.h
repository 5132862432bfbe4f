// OpenTable: a session's opens by FileId. Ids are slots with generations: an id that was closed never finds another
// open.
#pragma once

#include <cstdint>
#include <vector>

#include "base/mutex.h"
#include "server/open.h"

namespace dozo::server {

// Owned by its session. Any thread: opens come and go on the session's home loop, while READ and WRITE find theirs on
// the loop of the channel they came on.
class OpenTable {
 public:
  static constexpr std::size_t kMax = 65536;  // opens of one session

  // A FileId for a new open; nullopt when the table is full. The slot stays reserved until put() or release().
  std::optional<FileId> reserve(std::uint64_t persistent);
  void release(FileId id);
  void put(OpenRef open);
  // Null when there is none of this id.
  OpenRef find(FileId id) const;
  // Takes it out; null when there is none.
  OpenRef remove(FileId id);
  // The same for one that is being closed: nobody finds it by its id, but it still follows renames, for it may be about
  // to remove its file. Until end_close().
  OpenRef begin_close(FileId id);
  void end_close(const OpenRef& open);
  std::vector<OpenRef> closing() const;
  std::vector<OpenRef> all() const;
  std::size_t size() const;

 private:
  struct Slot {
    OpenRef open;
    std::uint32_t generation = 1;
    std::uint32_t next_free = 0;
    bool reserved = false;
  };
  static constexpr std::uint32_t kNone = ~0u;
  const Slot* slot_of(FileId id) const DOZO_REQUIRES(mutex_);
  OpenRef open_of(FileId id) const DOZO_REQUIRES(mutex_);
  void free_slot(std::uint32_t index) DOZO_REQUIRES(mutex_);

  mutable Mutex mutex_;
  std::vector<Slot> slots_ DOZO_GUARDED_BY(mutex_);
  std::vector<OpenRef> closing_ DOZO_GUARDED_BY(mutex_);
  std::uint32_t first_free_ DOZO_GUARDED_BY(mutex_) = kNone;
  std::size_t count_ DOZO_GUARDED_BY(mutex_) = 0;
};

}  // namespace dozo::server
