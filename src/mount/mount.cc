#include "mount/mount.h"

#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mount.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "base/log.h"
#include "mount/filesystem.h"
#include "runtime/loop.h"

namespace dozo::mount {
namespace {

constexpr int kRequestsPerTurn = 64;

// A descriptor; closed at its end.
class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  ~Descriptor() {
    if (fd_ >= 0) close(fd_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int get() const { return fd_; }

 private:
  int fd_;
};

sigset_t ending_signals() {
  sigset_t set;
  sigemptyset(&set);
  for (const int signal : {SIGTERM, SIGINT, SIGHUP}) sigaddset(&set, signal);
  return set;
}

// Without waiting for who still uses it. Blocks.
void detach(const std::string& folder) {
  if (umount2(folder.c_str(), MNT_DETACH) == 0 || errno != EPERM) return;
  std::string program = "fusermount3", unmount = "-u", quiet = "-q", lazy = "-z", end = "--", path = folder;
  std::array<char*, 7> arguments{program.data(), unmount.data(), quiet.data(), lazy.data(),
                                 end.data(),     path.data(),    nullptr};
  pid_t child = -1;
  if (posix_spawnp(&child, program.c_str(), nullptr, nullptr, arguments.data(), environ) != 0) return;
  while (waitpid(child, nullptr, 0) < 0 && errno == EINTR) {
  }
}

class FuseSession {
 public:
  FuseSession(const MountOptions& options, Filesystem& filesystem) : options_(options) {
    std::string words = "fsname=" + escaped(options.source) + ",subtype=dozo,nodev,nosuid";
    if (options.read_only) words += ",ro";
    // Whoever may come in is held to the modes; the server knows but one user.
    if (options.allow_other) words += ",allow_other,default_permissions";
    std::string name = "dozo", flag = "-o";
    std::array<char*, 3> list{name.data(), flag.data(), words.data()};
    fuse_args arguments = FUSE_ARGS_INIT(static_cast<int>(list.size()), list.data());
    session_ = fuse_session_new(&arguments, &Filesystem::operations(), sizeof(fuse_lowlevel_ops), &filesystem);
    fuse_opt_free_args(&arguments);
  }
  ~FuseSession() {
    if (session_ != nullptr) fuse_session_destroy(session_);
    free(buffer_.mem);
  }
  FuseSession(const FuseSession&) = delete;
  FuseSession& operator=(const FuseSession&) = delete;

  bool mount() {
    if (session_ == nullptr || fuse_session_mount(session_, options_.folder.c_str()) != 0) return false;
    const int flags = fcntl(fd(), F_GETFL);
    return fcntl(fd(), F_SETFL, flags | O_NONBLOCK) == 0;
  }
  int fd() const { return fuse_session_fd(session_); }

  // Takes what the kernel asks; false when it asks no more, for it was unmounted.
  bool take_requests() {
    for (int i = 0; i < kRequestsPerTurn && !fuse_session_exited(session_); ++i) {
      const int got = fuse_session_receive_buf(session_, &buffer_);
      if (got == -EINTR) continue;
      if (got == -EAGAIN) return true;
      if (got <= 0) return false;
      fuse_session_process_buf(session_, &buffer_);
    }
    return !fuse_session_exited(session_);
  }

 private:
  // What libfuse splits its options at.
  static std::string escaped(const std::string& text) {
    std::string out;
    for (const char c : text) {
      if (c == ',' || c == '\\') out += '\\';
      out += c;
    }
    return out;
  }

  const MountOptions& options_;
  fuse_session* session_ = nullptr;
  fuse_buf buffer_{};
};

// Everything that is waited for at once: the kernel's requests, signals, and the end of detach().
class Watch {
 public:
  explicit Watch(int requests) : requests_(requests) {
    for (const int fd : {requests, signals_.get(), detached_.get()}) {
      epoll_event event{.events = EPOLLIN, .data = {.fd = fd}};
      epoll_ctl(all_.get(), EPOLL_CTL_ADD, fd, &event);
    }
  }

  int fd() const { return all_.get(); }
  struct Seen {
    bool requests = false;
    bool signal = false;
    bool detached = false;
  };
  Seen look() {
    Seen seen;
    std::array<epoll_event, 3> events{};
    const int count = epoll_wait(all_.get(), events.data(), static_cast<int>(events.size()), 0);
    for (int i = 0; i < count; ++i) {
      const int fd = events[static_cast<std::size_t>(i)].data.fd;
      if (fd == requests_) seen.requests = true;
      if (fd == detached_.get()) seen.detached = true;
      if (fd != signals_.get()) continue;
      signalfd_siginfo info{};
      seen.signal = read(fd, &info, sizeof info) == static_cast<ssize_t>(sizeof info);
    }
    return seen;
  }
  void set_detached() {
    const std::uint64_t one = 1;
    static_cast<void>(::write(detached_.get(), &one, sizeof one) == sizeof one);
  }

 private:
  static int open_signals() {
    const sigset_t set = ending_signals();
    return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
  }

  int requests_;
  Descriptor all_{epoll_create1(EPOLL_CLOEXEC)};
  Descriptor signals_{open_signals()};
  Descriptor detached_{eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)};
};

struct Run {
  runtime::Loop& loop;
  client::LinkTarget target;
  const MountOptions& options;
  MountNews& news;
  bool mounted = false;
};

// Beside the requests that it may cause: what programs have mapped and changed is written back first.
runtime::Task<void> detach_beside(Run& run, Watch& watch) {
  const std::string folder = run.options.folder;
  co_await runtime::offload(run.loop, [&folder] { detach(folder); });
  watch.set_detached();
}

runtime::Task<void> serve(Run& run, FuseSession& session) {
  Watch watch(session.fd());
  runtime::Gate gate;
  bool ending = false;
  for (bool serving = true; serving;) {
    const int ready = co_await runtime::poll(run.loop, watch.fd(), POLLIN);
    if (ready < 0 && ready != -EINTR) break;
    const Watch::Seen seen = watch.look();
    if (seen.requests) serving = session.take_requests();
    if (seen.signal && !std::exchange(ending, true)) runtime::spawn(gate, detach_beside(run, watch));
    if (seen.detached) serving = false;
  }
  co_await gate.close();
}

runtime::Task<void> mount_and_serve(Run& run, Link& link) {
  const auto line = co_await link.line();
  if (!line) co_return run.news.failed(link.reached(), line.error());
  const mode_t mask = umask(022);
  umask(mask);
  Filesystem filesystem(link, {.owner = {.uid = getuid(), .gid = getgid(), .mask = mask},
                               .read_only = run.options.read_only,
                               .cache_seconds = run.options.cache_seconds});
  {
    FuseSession session(run.options, filesystem);
    if (session.mount()) {
      run.mounted = true;
      run.news.mounted();
      co_await serve(run, session);
    } else {
      run.news.failed("cannot be mounted there; /dev/fuse, fusermount3 and an empty folder of one's own are needed");
    }
    co_await filesystem.close();
  }
}

runtime::Task<void> run_to_end(Run& run) {
  {
    Link link(run.loop, std::move(run.target));
    co_await mount_and_serve(run, link);
    co_await link.close();
  }
  run.loop.stop();
}

}  // namespace

bool run_mount(client::LinkTarget target, const MountOptions& options, MountNews& news) {
  const sigset_t ending = ending_signals();
  pthread_sigmask(SIG_BLOCK, &ending, nullptr);  // before there are threads
  std::string why;
  const std::unique_ptr<runtime::Loop> loop = runtime::make_loop(runtime::detect_backend(why));
  Run run{.loop = *loop, .target = std::move(target), .options = options, .news = news};
  runtime::Gate gate;
  loop->post([&gate, &run] { runtime::spawn(gate, run_to_end(run)); });
  loop->run();
  return run.mounted;
}

}  // namespace dozo::mount
