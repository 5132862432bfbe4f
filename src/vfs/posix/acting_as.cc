#include "vfs/posix/acting_as.h"

#include <sys/syscall.h>
#include <unistd.h>

#include "base/assert.h"

namespace dozo::vfs::posix {
namespace {

struct Own {
  uid_t uid = geteuid();
  gid_t gid = getegid();
  std::vector<gid_t> groups;
  Own() {
    groups.resize(static_cast<std::size_t>(std::max(0, getgroups(0, nullptr))));
    groups.resize(static_cast<std::size_t>(std::max(0, getgroups(static_cast<int>(groups.size()), groups.data()))));
  }
};

const Own& own() {
  static const Own identity;
  return identity;
}

bool set_groups(const std::vector<gid_t>& groups) { return syscall(SYS_setgroups, groups.size(), groups.data()) == 0; }

bool holds_all(const std::vector<gid_t>& groups, const std::vector<gid_t>& of, gid_t beside) {
  return std::ranges::all_of(of, [&](gid_t g) { return g == beside || std::ranges::find(groups, g) != groups.end(); });
}

// Whether the process's own groups permit what the caller's do once his gid is in force: as a rule the server has
// none, and a user's only one is that gid. Each change of credentials that is left out is a copy less in the kernel.
bool own_groups_will_do(const Caller& caller) {
  return holds_all(own().groups, caller.groups, caller.gid) && holds_all(caller.groups, own().groups, caller.gid);
}

// setfsuid and setfsgid report no failure; they yield what was in force before, so that a call too many tells. What has
// worked on this thread works again, and the way back tells that it has.
struct Proven {
  uid_t uid = static_cast<uid_t>(-1);
  gid_t gid = static_cast<gid_t>(-1);
};
thread_local Proven proven;

bool take_on(const Caller& caller) {
  syscall(SYS_setfsgid, caller.gid);
  syscall(SYS_setfsuid, caller.uid);
  if (proven.uid == caller.uid && proven.gid == caller.gid) return true;
  if (static_cast<gid_t>(syscall(SYS_setfsgid, caller.gid)) != caller.gid) return false;
  if (static_cast<uid_t>(syscall(SYS_setfsuid, caller.uid)) != caller.uid) return false;
  proven = {caller.uid, caller.gid};
  return true;
}

void return_to_own(const Caller& from, bool groups) {
  // The user first: only root may set the rest.
  DOZO_ASSERT(static_cast<uid_t>(syscall(SYS_setfsuid, own().uid)) == from.uid);
  DOZO_ASSERT(static_cast<gid_t>(syscall(SYS_setfsgid, own().gid)) == from.gid);
  if (groups) DOZO_ASSERT(set_groups(own().groups));
}

}  // namespace

ActingAs::ActingAs(const Caller* caller) {
  if (caller == nullptr || !caller->switch_identity) return;
  groups_switched_ = !own_groups_will_do(*caller);  // own() is read before the first switch
  if (groups_switched_ && !set_groups(caller->groups)) {
    ok_ = groups_switched_ = false;
    return;
  }
  ok_ = take_on(*caller);
  if (ok_) {
    caller_ = caller;
    return;
  }
  // Partly taken on: back at once.
  syscall(SYS_setfsuid, own().uid);
  syscall(SYS_setfsgid, own().gid);
  if (groups_switched_) DOZO_ASSERT(set_groups(own().groups));
}

ActingAs::~ActingAs() {
  if (caller_ != nullptr) return_to_own(*caller_, groups_switched_);
}

}  // namespace dozo::vfs::posix
