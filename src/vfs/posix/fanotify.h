// Fanotify: a group of marks on files and directories whose events say what happened to which of them, and whether this
// very process did it. Linux 5.17, on file systems with file handles.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "vfs/posix/share.h"

namespace dozo::vfs::posix {

// A file's handle and its file system's id: names a file as long as it exists, and no other afterwards.
using HandleKey = std::string;
// ENOTSUP, EOVERFLOW: the file system has none that would do.
Errno<HandleKey> handle_key(int directory, const char* path);

struct FanotifyEvent {
  std::uint64_t mask = 0;   // FAN_*, several where the kernel merged events of one name
  bool own = false;         // by a thread of this process, or one of its rings
  HandleKey object;         // what it happened to; empty when the kernel does not say
  HandleKey directory;      // where its name is, or was before a FAN_RENAME; empty: there is none
  std::string name;         // on disk; empty: the directory itself
  HandleKey new_directory;  // FAN_RENAME
  std::string new_name;
  bool overflow() const;
  bool is_directory() const;
};

// Resource. add() and remove() from any thread, the rest from one.
class Fanotify {
 public:
  Fanotify();
  // False: the kernel has no such groups, or this process may have no more of them.
  bool ok() const { return static_cast<bool>(group_); }
  int fd() const { return group_.get(); }

  // 0 or errno. `path` relative to `directory`; "" is the directory itself, which may be an O_PATH descriptor of
  // anything. A file that has a mark gets the further events.
  int add(int directory, const char* path, std::uint64_t mask) const;
  void remove(int directory, const char* path, std::uint64_t mask) const;
  void remove_all() const;
  // What has happened; does not wait.
  std::vector<FanotifyEvent> read() const;

 private:
  UniqueFd group_;
};

}  // namespace dozo::vfs::posix
