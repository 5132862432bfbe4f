#include "vfs/posix/watch_tree.h"

#include <cerrno>

#include "vfs/posix/acting_as.h"
#include "vfs/posix/name_map.h"

namespace dozo::vfs::posix {
namespace {

struct Pending {
  std::string disk;
  std::string prefix;
};

class TreeWatcher {
 public:
  explicit TreeWatcher(const TreeToWatch& what) : what_(what) {}

  // 0, or why this directory is not watched.
  int add(const Pending& at) {
    const UniqueFd fd(openat(what_.directory, at.disk.empty() ? "." : at.disk.c_str(),
                             O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    if (!fd) return errno;
    const int watch = what_.feed->add(fd.get());
    if (watch < 0) return -watch;
    tree_.directories.push_back({watch, at.prefix});
    if (what_.subtree || what_.list_entries) look_into(fd.get(), at);
    return 0;
  }

  WatchedTree run() {
    while (!pending_.empty()) {
      const Pending next = std::move(pending_.back());
      pending_.pop_back();
      if (tree_.directories.size() >= what_.limit) {
        tree_.complete = false;
        break;
      }
      if (const int error = add(next); error == ENOSPC || error == EMFILE || error == ENOMEM) {
        tree_.complete = false;
        break;
      }
    }
    return std::move(tree_);
  }

 private:
  void look_into(int fd, const Pending& at) {
    const auto names = read_names(fd);
    if (!names) return;
    for (const std::string& name : *names) {
      const std::string client = at.prefix + to_client_name(name);
      if (what_.list_entries) tree_.entries.push_back(client);
      if (!what_.subtree) continue;
      const auto status = status_of_entry(fd, name.c_str());
      if (status && S_ISDIR(status->stx_mode)) {
        pending_.push_back({at.disk.empty() ? name : at.disk + '/' + name, client + '\\'});
      }
    }
  }

  const TreeToWatch& what_;
  std::vector<Pending> pending_;
  WatchedTree tree_;
};

}  // namespace

Result<WatchedTree> watch_tree(const Caller* caller, const TreeToWatch& what) {
  const ActingAs acting(caller);
  if (!acting.ok()) return fail(NtStatus::ACCESS_DENIED);
  TreeWatcher watcher(what);
  const int error = watcher.add({what.beneath, what.prefix});
  if (error == ENOSPC) return fail(NtStatus::INSUFFICIENT_RESOURCES);
  if (error != 0) return fail_errno(error);
  return watcher.run();
}

}  // namespace dozo::vfs::posix
