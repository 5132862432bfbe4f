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

// setfsuid and setfsgid report no failure: a second call says what is in force.
bool set_gid(gid_t gid) {
  syscall(SYS_setfsgid, gid);
  return static_cast<gid_t>(syscall(SYS_setfsgid, gid)) == gid;
}
bool set_uid(uid_t uid) {
  syscall(SYS_setfsuid, uid);
  return static_cast<uid_t>(syscall(SYS_setfsuid, uid)) == uid;
}

void return_to_own() {
  // The user first: only root may set the rest.
  DOZO_ASSERT(set_uid(own().uid));
  DOZO_ASSERT(set_gid(own().gid));
  DOZO_ASSERT(set_groups(own().groups));
}

}  // namespace

ActingAs::ActingAs(const Caller* caller) {
  if (caller == nullptr || !caller->switch_identity) return;
  own();  // read before the first switch
  switched_ = ok_ = set_groups(caller->groups);
  if (ok_) ok_ = set_gid(caller->gid) && set_uid(caller->uid);
}

ActingAs::~ActingAs() {
  if (switched_) return_to_own();
}

}  // namespace dozo::vfs::posix
