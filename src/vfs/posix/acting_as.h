// ActingAs: the calling thread does file operations as a caller while it lives. Per thread, by raw system calls: the
// C library's functions would switch every thread.
#pragma once

#include "base/result.h"
#include "vfs/types.h"

namespace dozo::vfs::posix {

// Never across a co_await. Not nested. ok() must be asked: false when the identity could not be taken on, and then
// nothing has been switched. The caller outlives it. Returning to the process's own identity cannot fail, or the
// process ends.
class [[nodiscard]] ActingAs {
 public:
  explicit ActingAs(const Caller* caller);
  ~ActingAs();
  ActingAs(const ActingAs&) = delete;
  ActingAs& operator=(const ActingAs&) = delete;
  bool ok() const { return ok_; }

 private:
  const Caller* caller_ = nullptr;  // whose identity is to be given back
  bool groups_switched_ = false;
  bool ok_ = true;
};

}  // namespace dozo::vfs::posix
