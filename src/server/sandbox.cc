#include "server/sandbox.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <linux/landlock.h>
#include <seccomp.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <memory>

#include "base/log.h"

namespace dozo::server {
namespace {

// --- Landlock ----------------------------------------------------------------------------------------------------

// Rights by the ABI that brought them; the header of an old distribution may not name the later ones.
constexpr std::uint64_t kReadRights = LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR;
constexpr std::uint64_t kAbi1Rights = (1ull << 13) - 1;
constexpr std::uint64_t kReferRight = 1ull << 13;        // ABI 2: rename and link between folders
constexpr std::uint64_t kTruncateRight = 1ull << 14;     // ABI 3
constexpr std::uint64_t kDeviceIoctlRight = 1ull << 15;  // ABI 5

std::uint64_t handled_rights(long abi) {
  std::uint64_t rights = kAbi1Rights;
  if (abi >= 2) rights |= kReferRight;
  if (abi >= 3) rights |= kTruncateRight;
  if (abi >= 5) rights |= kDeviceIoctlRight;
  return rights;
}

// What a server needs of the machine besides its shares: accounts, libraries of the name service, its own descriptors,
// interfaces. Read only.
constexpr const char* kMachineFolders[] = {"/etc",
                                           "/usr/lib",
                                           "/lib",
                                           "/lib64",
                                           "/proc",
                                           "/sys/class/net",
                                           "/sys/devices",
                                           "/run/systemd/userdb",
                                           "/usr/share/zoneinfo"};

class Ruleset {
 public:
  explicit Ruleset(long abi) : rights_(handled_rights(abi)) {
    landlock_ruleset_attr attributes{};
    attributes.handled_access_fs = rights_;
    fd_ = static_cast<int>(syscall(SYS_landlock_create_ruleset, &attributes, sizeof attributes.handled_access_fs, 0));
  }
  ~Ruleset() {
    if (fd_ >= 0) ::close(fd_);
  }
  Ruleset(const Ruleset&) = delete;
  Ruleset& operator=(const Ruleset&) = delete;

  bool ok() const { return fd_ >= 0; }
  std::uint64_t all() const { return rights_ & ~static_cast<std::uint64_t>(LANDLOCK_ACCESS_FS_EXECUTE); }

  // False: the path is not there, or cannot be opened.
  bool allow(const std::string& path, std::uint64_t rights) {
    landlock_path_beneath_attr rule{};
    rule.parent_fd = ::open(path.c_str(), O_PATH | O_CLOEXEC);
    if (rule.parent_fd < 0) return false;
    struct stat status{};
    const bool folder = fstat(rule.parent_fd, &status) == 0 && S_ISDIR(status.st_mode);
    constexpr std::uint64_t kFileRights =
        LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_WRITE_FILE | kTruncateRight | kDeviceIoctlRight;
    rule.allowed_access = rights & rights_ & (folder ? ~0ull : kFileRights);
    const long added = syscall(SYS_landlock_add_rule, fd_, LANDLOCK_RULE_PATH_BENEATH, &rule, 0);
    ::close(rule.parent_fd);
    return added == 0;
  }
  bool enforce() const { return syscall(SYS_landlock_restrict_self, fd_, 0) == 0; }

 private:
  std::uint64_t rights_;
  int fd_ = -1;
};

std::string enter_landlock(const SandboxOptions& options) {
  const long abi = syscall(SYS_landlock_create_ruleset, nullptr, 0, LANDLOCK_CREATE_RULESET_VERSION);
  if (abi < 0) return fmt::format("off: the kernel has no Landlock ({})", std::strerror(errno));
  // Before ABI 2 nothing could be moved from one folder to another.
  if (abi < 2) return "off: the kernel's Landlock forbids renames between folders (ABI 1)";
  Ruleset rules(abi);
  if (!rules.ok()) return fmt::format("off: {}", std::strerror(errno));
  for (const std::string& path : options.writable) {
    if (!rules.allow(path, rules.all())) return fmt::format("off: {}: {}", path, std::strerror(errno));
  }
  for (const std::string& path : options.read_only) rules.allow(path, kReadRights);
  for (const char* path : kMachineFolders) rules.allow(path, kReadRights);
  rules.allow("/dev/null", kReadRights | LANDLOCK_ACCESS_FS_WRITE_FILE);
  rules.allow("/dev/urandom", kReadRights);
  if (!rules.enforce()) return fmt::format("off: {}", std::strerror(errno));
  return fmt::format("ABI {}", abi);
}

// --- seccomp -----------------------------------------------------------------------------------------------------

// What the server, its libraries and its threads use; everything else fails with EPERM. Nothing here starts a program,
// loads code into the kernel, traces, mounts or changes whose process this is for good.
constexpr int kAllowed[] = {
    // memory, threads, time
    SCMP_SYS(mmap),
    SCMP_SYS(munmap),
    SCMP_SYS(mremap),
    SCMP_SYS(mprotect),
    SCMP_SYS(madvise),
    SCMP_SYS(brk),
    SCMP_SYS(futex),
    SCMP_SYS(clone),
    SCMP_SYS(clone3),
    SCMP_SYS(set_robust_list),
    SCMP_SYS(get_robust_list),
    SCMP_SYS(rseq),
    SCMP_SYS(set_tid_address),
    SCMP_SYS(exit),
    SCMP_SYS(exit_group),
    SCMP_SYS(gettid),
    SCMP_SYS(getpid),
    SCMP_SYS(getppid),
    SCMP_SYS(sched_yield),
    SCMP_SYS(sched_getaffinity),
    SCMP_SYS(membarrier),
    SCMP_SYS(clock_gettime),
    SCMP_SYS(clock_getres),
    SCMP_SYS(clock_nanosleep),
    SCMP_SYS(nanosleep),
    SCMP_SYS(gettimeofday),
    SCMP_SYS(time),
    SCMP_SYS(getrandom),
    SCMP_SYS(prctl),
    SCMP_SYS(arch_prctl),
    SCMP_SYS(sysinfo),
    SCMP_SYS(uname),
    SCMP_SYS(getrlimit),
    SCMP_SYS(prlimit64),
    SCMP_SYS(getrusage),
    SCMP_SYS(mlock),
    SCMP_SYS(munlock),
    SCMP_SYS(getcpu),
    SCMP_SYS(restart_syscall),
    // signals
    SCMP_SYS(rt_sigaction),
    SCMP_SYS(rt_sigprocmask),
    SCMP_SYS(rt_sigreturn),
    SCMP_SYS(rt_sigtimedwait),
    SCMP_SYS(sigaltstack),
    SCMP_SYS(signalfd),
    SCMP_SYS(signalfd4),
    SCMP_SYS(tgkill),
    SCMP_SYS(tkill),
    // whose file operations these are, for one thread
    SCMP_SYS(setfsuid),
    SCMP_SYS(setfsgid),
    SCMP_SYS(setgroups),
    SCMP_SYS(getgroups),
    SCMP_SYS(getuid),
    SCMP_SYS(geteuid),
    SCMP_SYS(getgid),
    SCMP_SYS(getegid),
    SCMP_SYS(getresuid),
    SCMP_SYS(getresgid),
    SCMP_SYS(capget),
    // descriptors
    SCMP_SYS(read),
    SCMP_SYS(write),
    SCMP_SYS(readv),
    SCMP_SYS(writev),
    SCMP_SYS(pread64),
    SCMP_SYS(pwrite64),
    SCMP_SYS(preadv),
    SCMP_SYS(pwritev),
    SCMP_SYS(preadv2),
    SCMP_SYS(pwritev2),
    SCMP_SYS(close),
    SCMP_SYS(close_range),
    SCMP_SYS(dup),
    SCMP_SYS(dup2),
    SCMP_SYS(dup3),
    SCMP_SYS(fcntl),
    SCMP_SYS(ioctl),
    SCMP_SYS(lseek),
    SCMP_SYS(poll),
    SCMP_SYS(ppoll),
    SCMP_SYS(select),
    SCMP_SYS(pselect6),
    SCMP_SYS(epoll_create1),
    SCMP_SYS(epoll_ctl),
    SCMP_SYS(epoll_wait),
    SCMP_SYS(epoll_pwait),
    SCMP_SYS(epoll_pwait2),
    SCMP_SYS(eventfd2),
    SCMP_SYS(timerfd_create),
    SCMP_SYS(timerfd_settime),
    SCMP_SYS(pipe2),
    SCMP_SYS(sendfile),
    SCMP_SYS(splice),
    SCMP_SYS(io_uring_setup),
    SCMP_SYS(io_uring_enter),
    SCMP_SYS(io_uring_register),
    // files
    SCMP_SYS(open),
    SCMP_SYS(openat),
    SCMP_SYS(openat2),
    SCMP_SYS(stat),
    SCMP_SYS(fstat),
    SCMP_SYS(lstat),
    SCMP_SYS(newfstatat),
    SCMP_SYS(statx),
    SCMP_SYS(statfs),
    SCMP_SYS(fstatfs),
    SCMP_SYS(access),
    SCMP_SYS(faccessat),
    SCMP_SYS(faccessat2),
    SCMP_SYS(getdents64),
    SCMP_SYS(getcwd),
    SCMP_SYS(readlink),
    SCMP_SYS(readlinkat),
    SCMP_SYS(mkdir),
    SCMP_SYS(mkdirat),
    SCMP_SYS(rmdir),
    SCMP_SYS(unlink),
    SCMP_SYS(unlinkat),
    SCMP_SYS(rename),
    SCMP_SYS(renameat),
    SCMP_SYS(renameat2),
    SCMP_SYS(link),
    SCMP_SYS(linkat),
    SCMP_SYS(symlinkat),
    SCMP_SYS(truncate),
    SCMP_SYS(ftruncate),
    SCMP_SYS(fallocate),
    SCMP_SYS(fadvise64),
    SCMP_SYS(copy_file_range),
    SCMP_SYS(fsync),
    SCMP_SYS(fdatasync),
    SCMP_SYS(sync_file_range),
    SCMP_SYS(flock),
    SCMP_SYS(chmod),
    SCMP_SYS(fchmod),
    SCMP_SYS(fchmodat),
    SCMP_SYS(chown),
    SCMP_SYS(fchown),
    SCMP_SYS(fchownat),
    SCMP_SYS(utimensat),
    SCMP_SYS(umask),
    SCMP_SYS(getxattr),
    SCMP_SYS(lgetxattr),
    SCMP_SYS(fgetxattr),
    SCMP_SYS(setxattr),
    SCMP_SYS(lsetxattr),
    SCMP_SYS(fsetxattr),
    SCMP_SYS(listxattr),
    SCMP_SYS(llistxattr),
    SCMP_SYS(flistxattr),
    SCMP_SYS(removexattr),
    SCMP_SYS(lremovexattr),
    SCMP_SYS(fremovexattr),
    SCMP_SYS(inotify_init1),
    SCMP_SYS(inotify_add_watch),
    SCMP_SYS(inotify_rm_watch),
    SCMP_SYS(fanotify_init),
    SCMP_SYS(fanotify_mark),
    SCMP_SYS(name_to_handle_at),
    // sockets; also the name service's and the journal's
    SCMP_SYS(socket),
    SCMP_SYS(socketpair),
    SCMP_SYS(bind),
    SCMP_SYS(listen),
    SCMP_SYS(accept),
    SCMP_SYS(accept4),
    SCMP_SYS(connect),
    SCMP_SYS(getsockname),
    SCMP_SYS(getpeername),
    SCMP_SYS(setsockopt),
    SCMP_SYS(getsockopt),
    SCMP_SYS(sendto),
    SCMP_SYS(recvfrom),
    SCMP_SYS(sendmsg),
    SCMP_SYS(recvmsg),
    SCMP_SYS(sendmmsg),
    SCMP_SYS(recvmmsg),
    SCMP_SYS(shutdown),
};

// getxattrat and listxattrat, of Linux 6.13: the same number on every architecture, and younger than libseccomp.
constexpr int kAllowedByNumber[] = {464, 465};

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool kSanitized = true;
#elif defined(__has_feature)
constexpr bool kSanitized = __has_feature(address_sanitizer) || __has_feature(thread_sanitizer);
#else
constexpr bool kSanitized = false;
#endif

std::string enter_seccomp() {
  if (kSanitized) return "off: a sanitizer build traces itself";
  const auto filter = std::unique_ptr<void, void (*)(void*)>(seccomp_init(SCMP_ACT_ERRNO(EPERM)), &seccomp_release);
  if (!filter) return "off: no memory for the filter";
  for (const int call : kAllowed) {
    const int added = seccomp_rule_add(filter.get(), SCMP_ACT_ALLOW, call, 0);
    if (added != 0) return fmt::format("off: system call {}: {}", call, std::strerror(-added));
  }
  for (const int call : kAllowedByNumber) static_cast<void>(seccomp_rule_add(filter.get(), SCMP_ACT_ALLOW, call, 0));
  const int loaded = seccomp_load(filter.get());
  return loaded == 0 ? "on" : fmt::format("off: {}", std::strerror(-loaded));
}

}  // namespace

SandboxState enter_sandbox(const SandboxOptions& options) {
  SandboxState state;
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) {
    state.landlock = state.seccomp = fmt::format("off: no_new_privs: {}", std::strerror(errno));
  } else {
    state.landlock = enter_landlock(options);
    state.seccomp = enter_seccomp();
  }
  for (const auto& [name, what] : {std::pair("Landlock", &state.landlock), std::pair("seccomp", &state.seccomp)}) {
    if (what->starts_with("off")) log::warning("sandbox", "{} is {}", name, *what);
  }
  return state;
}

}  // namespace dozo::server
