// dozo mount.
#include "mount/mount.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cstring>
#include <ostream>

#include "cli/commands.h"
#include "cli/configuration.h"
#include "cli/json_text.h"
#include "cli/remote.h"
#include "cli/remote_text.h"

namespace dozo::cli {
namespace {

constexpr double kCacheSecondsMax = 3600;

std::optional<double> cache_seconds(const Arguments& arguments, Io& io) {
  const auto typed = arguments.value("--cache-seconds");
  if (!typed) return 1.0;
  double seconds = 0;
  const char* end = typed->data() + typed->size();
  const auto parsed = std::from_chars(typed->data(), end, seconds);
  if (parsed.ec == std::errc() && parsed.ptr == end && seconds >= 0 && seconds <= kCacheSecondsMax) return seconds;
  io.err << fmt::format("dozo: --cache-seconds {}: it is a number from 0 to {}\n", on_one_line(*typed),
                        kCacheSecondsMax);
  return std::nullopt;
}

// Tells whoever started it: here, or over a pipe when this is the process in the background.
class News final : public mount::MountNews {
 public:
  News(Io& io, const client::Url& url, std::string user, int pipe)
      : io_(io), url_(url), user_(std::move(user)), pipe_(pipe) {}

  void mounted() override {
    if (pipe_ < 0) return;
    tell("");
    const int nothing = open("/dev/null", O_RDWR | O_CLOEXEC);
    for (const int fd : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) dup2(nothing, fd);
    close(nothing);
  }
  void failed(client::Stage reached, NtStatus status) override {
    tell(fmt::format("{}: {}", printable_name(doing(url_, user_, reached)), explain(status)));
  }
  void failed(const std::string& why) override { tell(why); }

 private:
  // Nothing: it is mounted.
  void tell(const std::string& why) {
    if (pipe_ < 0) {
      static_cast<void>(cli::failed(io_, why));
      return;
    }
    const std::string text = why.empty() ? std::string("\n") : why;
    static_cast<void>(write(pipe_, text.data(), text.size()));
    close(std::exchange(pipe_, -1));
  }

  Io& io_;
  const client::Url& url_;
  std::string user_;
  int pipe_;
};

// What the process in the background says, or that it ended without a word.
Exit await_mounted(int pipe, Io& io) {
  std::string said;
  std::array<char, 512> piece{};
  for (;;) {
    const ssize_t got = read(pipe, piece.data(), piece.size());
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) break;
    said.append(piece.data(), static_cast<std::size_t>(got));
  }
  close(pipe);
  if (said == "\n") return Exit::done;
  return failed(io, said.empty() ? "the process in the background ended" : said);
}

struct Mounting {
  Io& io;
  const client::Url& url;
  Reach reach;
  mount::MountOptions options;
};

Exit mount_here(Mounting mounting, int pipe) {
  News news(mounting.io, mounting.url, std::move(mounting.reach.user), pipe);
  return mount::run_mount(std::move(mounting.reach.target), mounting.options, news) ? Exit::done : Exit::failed;
}

// Everything that has threads or a connection is made in the child.
Exit mount_in_background(Mounting mounting) {
  std::array<int, 2> pipe{};
  if (pipe2(pipe.data(), O_CLOEXEC) != 0) return failed(mounting.io, std::strerror(errno));
  mounting.io.out.flush();
  const pid_t child = fork();
  if (child < 0) return failed(mounting.io, std::strerror(errno));
  if (child != 0) {
    close(pipe[1]);
    const Exit exit = await_mounted(pipe[0], mounting.io);
    if (exit != Exit::done) waitpid(child, nullptr, 0);
    return exit;
  }
  close(pipe[0]);
  setsid();
  if (chdir("/") != 0) _exit(1);
  const Exit exit = mount_here(std::move(mounting), pipe[1]);
  _exit(static_cast<int>(exit));
}

bool is_folder(const std::string& path, Io& io) {
  struct stat found{};
  const int error = stat(path.c_str(), &found) != 0 ? errno : S_ISDIR(found.st_mode) ? 0 : ENOTDIR;
  if (error != 0) static_cast<void>(failed(io, fmt::format("{}: {}", printable_name(path), std::strerror(error))));
  return error == 0;
}

}  // namespace

Exit run_mount(const Arguments& arguments, Io& io) {
  const auto url = share_address(arguments.required("ADDRESS"), io);
  const auto seconds = cache_seconds(arguments, io);
  if (!url || !seconds) return Exit::usage;
  if (!url->path.empty()) {
    io.err << fmt::format("dozo: {}: a share is mounted, not a folder in it\n", on_one_line(url->path));
    return Exit::usage;
  }
  const std::string folder = absolute_path(arguments.required("FOLDER"));
  if (!is_folder(folder, io)) return Exit::failed;
  auto reach = reach_of(arguments, io, *url);
  if (!reach) return reach.error();
  Mounting mounting{.io = io,
                    .url = *url,
                    .reach = std::move(*reach),
                    .options = {.folder = folder,
                                .source = fmt::format("//{}/{}", url->host, url->share),
                                .read_only = arguments.flag("--read-only"),
                                .allow_other = arguments.flag("--allow-other"),
                                .cache_seconds = *seconds}};
  return arguments.flag("--foreground") ? mount_here(std::move(mounting), -1)
                                        : mount_in_background(std::move(mounting));
}

}  // namespace dozo::cli
