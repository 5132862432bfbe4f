#include "policy/applied_states.h"

#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <vector>

namespace dozo::policy {
namespace {

constexpr std::size_t kStatesMax = 32;
constexpr std::string_view kWaiting = "unconfirmed", kEnding = ".nft";

// Names of states, in order; each is a number of ten digits.
std::vector<std::string> names_in(const std::string& folder) {
  std::vector<std::string> names;
  DIR* open = opendir(folder.c_str());
  if (open == nullptr) return names;
  while (const dirent* entry = readdir(open)) {
    std::string name = entry->d_name;
    if (name.size() == 10 + kEnding.size() && name.ends_with(kEnding)) names.push_back(std::move(name));
  }
  closedir(open);
  std::ranges::sort(names);
  return names;
}

std::string failure(std::string_view what, const std::string& path) {
  return fmt::format("{}: {}: {}", path, what, std::strerror(errno));
}

bool write_all(int fd, std::string_view text) {
  while (!text.empty()) {
    const ssize_t length = write(fd, text.data(), text.size());
    if (length < 0 && errno != EINTR) return false;
    if (length > 0) text.remove_prefix(static_cast<std::size_t>(length));
  }
  return true;
}

std::optional<std::string> content_of(const std::string& path) {
  const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
  if (fd < 0) return std::nullopt;
  std::string text;
  std::array<char, 65536> buffer;
  ssize_t length = 0;
  while ((length = read(fd, buffer.data(), buffer.size())) > 0) {
    text.append(buffer.data(), static_cast<std::size_t>(length));
  }
  close(fd);
  if (length < 0) return std::nullopt;
  return text;
}

// Somebody else's folder would be somebody else's firewall.
std::expected<void, std::string> make_folder(const std::string& folder) {
  if (mkdir(folder.c_str(), 0700) != 0 && errno != EEXIST) return std::unexpected(failure("cannot be made", folder));
  struct stat status{};
  if (lstat(folder.c_str(), &status) != 0) return std::unexpected(failure("cannot be looked at", folder));
  if (!S_ISDIR(status.st_mode) || status.st_uid != geteuid() || (status.st_mode & 022) != 0) {
    return std::unexpected(fmt::format("{}: has to be a folder of your own that nobody else may write to", folder));
  }
  return {};
}

volatile sig_atomic_t told_to_end = 0;
void note_end(int) { told_to_end = 1; }

void detach(int ready) {
  setsid();
  signal(SIGHUP, SIG_IGN);
  signal(SIGINT, SIG_IGN);
  signal(SIGPIPE, SIG_IGN);
  struct sigaction ending{};
  ending.sa_handler = note_end;
  sigaction(SIGTERM, &ending, nullptr);
  static_cast<void>(chdir("/"));
  const int nowhere = open("/dev/null", O_RDWR);
  for (const int fd : {0, 1, 2}) dup2(nowhere, fd);
  if (nowhere > 2) close(nowhere);
  static_cast<void>(write(ready, "", 1));
  close(ready);
}

// Time that passes while the machine sleeps counts, too.
std::int64_t now_ms() {
  timespec now{};
  clock_gettime(CLOCK_BOOTTIME, &now);
  return std::int64_t{now.tv_sec} * 1000 + now.tv_nsec / 1'000'000;
}

[[noreturn]] void watch(const AppliedStates& states, std::int64_t seconds, bool (*go_back)(const AppliedStates&)) {
  const std::int64_t deadline = now_ms() + seconds * 1000;
  while (told_to_end == 0 && now_ms() < deadline) {
    if (!states.is_waiting()) _exit(0);
    const timespec nap{0, 100'000'000};
    nanosleep(&nap, nullptr);
  }
  if (!states.end_waiting()) _exit(0);
  _exit(go_back(states) ? 0 : 1);
}

}  // namespace

std::expected<void, std::string> AppliedStates::push(std::string_view saved) const {
  if (auto made = make_folder(folder_); !made) return made;
  const std::vector<std::string> names = names_in(folder_);
  const unsigned long last = names.empty() ? 0 : std::strtoul(names.back().c_str(), nullptr, 10);
  const std::string file = path(fmt::format("{:010}{}", last + 1, kEnding)), partial = path("partial");
  const int fd = open(partial.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (fd < 0) return std::unexpected(failure("cannot be written", partial));
  const bool written = write_all(fd, saved);
  close(fd);
  if (!written || rename(partial.c_str(), file.c_str()) != 0) {
    return std::unexpected(failure("cannot be written", file));
  }
  if (names.size() >= kStatesMax) unlink(path(names.front()).c_str());
  return {};
}

std::optional<std::string> AppliedStates::pop() const {
  const std::vector<std::string> names = names_in(folder_);
  if (names.empty()) return std::nullopt;
  auto saved = content_of(path(names.back()));
  if (saved) unlink(path(names.back()).c_str());
  return saved;
}

bool AppliedStates::empty() const { return names_in(folder_).empty(); }

bool AppliedStates::begin_waiting() const {
  const int fd = open(path(kWaiting).c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (fd >= 0) close(fd);
  return fd >= 0;
}

bool AppliedStates::is_waiting() const { return access(path(kWaiting).c_str(), F_OK) == 0; }

bool AppliedStates::end_waiting() const { return unlink(path(kWaiting).c_str()) == 0; }

std::expected<void, std::string> watch_for_confirmation(const AppliedStates& states, std::int64_t seconds,
                                                        bool (*go_back)(const AppliedStates& states)) {
  std::array<int, 2> ready{};
  if (pipe2(ready.data(), O_CLOEXEC) != 0) return std::unexpected(failure("no pipe", "watcher"));
  // Twice, so that the watcher is nobody's child: who started it may end.
  const pid_t between = fork();
  if (between == 0) {
    if (fork() != 0) _exit(0);
    close(ready[0]);
    detach(ready[1]);
    watch(states, seconds, go_back);
  }
  close(ready[1]);
  char said = 1;
  if (between > 0) waitpid(between, nullptr, 0);
  const ssize_t length = read(ready[0], &said, 1);
  close(ready[0]);
  if (between < 0 || length != 1) return std::unexpected("the process that would go back did not start");
  return {};
}

}  // namespace dozo::policy
