#include "policy/nft_run.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>

#include "policy/emit_text.h"

namespace dozo::policy {
namespace {

constexpr std::string_view kForget = "table inet dozo\ndelete table inet dozo\n";

// Both ends of a pipe, closed at its end.
class Pipe {
 public:
  Pipe() {
    if (pipe2(ends_.data(), O_CLOEXEC) != 0) ends_ = {-1, -1};
  }
  ~Pipe() {
    close_end(0);
    close_end(1);
  }
  Pipe(const Pipe&) = delete;
  Pipe& operator=(const Pipe&) = delete;
  bool is_open() const { return ends_[0] >= 0; }
  int reading() const { return ends_[0]; }
  int writing() const { return ends_[1]; }
  void close_end(std::size_t end) {
    if (ends_[end] >= 0) close(ends_[end]);
    ends_[end] = -1;
  }

 private:
  std::array<int, 2> ends_{-1, -1};
};

std::string path_to(const std::string& program) {
  const char* path = std::getenv("PATH");
  for (const std::string& folder : split(std::string(path == nullptr ? "" : path) + ":/usr/sbin:/sbin", ':')) {
    std::string candidate = folder + "/" + program;
    if (!folder.empty() && access(candidate.c_str(), X_OK) == 0) return candidate;
  }
  return "";
}

// Its three streams are the pipes'. 0, or an errno.
int spawn(pid_t& child, const std::string& path, const std::vector<std::string>& arguments,
          const std::array<Pipe, 3>& pipes) {
  std::vector<char*> argv{const_cast<char*>(path.c_str())};
  for (const std::string& argument : arguments) argv.push_back(const_cast<char*>(argument.c_str()));
  argv.push_back(nullptr);
  char locale[] = "LC_ALL=C", folders[] = "PATH=/usr/sbin:/usr/bin:/sbin:/bin";
  std::array<char*, 3> environment{locale, folders, nullptr};
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, pipes[0].reading(), 0);
  posix_spawn_file_actions_adddup2(&actions, pipes[1].writing(), 1);
  posix_spawn_file_actions_adddup2(&actions, pipes[2].writing(), 2);
  const int error = posix_spawn(&child, path.c_str(), &actions, nullptr, argv.data(), environment.data());
  posix_spawn_file_actions_destroy(&actions);
  return error;
}

// Reads what is there. False at the end.
bool read_some(int fd, std::string& into) {
  std::array<char, 65536> buffer;
  const ssize_t length = ::read(fd, buffer.data(), buffer.size());
  if (length > 0) into.append(buffer.data(), static_cast<std::size_t>(length));
  return length > 0 || (length < 0 && errno == EINTR);
}

void exchange(std::array<Pipe, 3>& pipes, std::string_view input, ProgramOutput& output) {
  // So that a program which writes before it has read everything is not waited for by who waits for it.
  fcntl(pipes[0].writing(), F_SETFL, O_NONBLOCK);
  std::array<pollfd, 3> fds{
      pollfd{pipes[0].writing(), POLLOUT, 0}, {pipes[1].reading(), POLLIN, 0}, {pipes[2].reading(), POLLIN, 0}};
  while (fds[0].fd >= 0 || fds[1].fd >= 0 || fds[2].fd >= 0) {
    if (input.empty() && fds[0].fd >= 0) {
      pipes[0].close_end(1);
      fds[0].fd = -1;
      continue;
    }
    if (poll(fds.data(), fds.size(), -1) < 0 && errno != EINTR) return;
    if (fds[0].fd >= 0 && fds[0].revents != 0) {
      const ssize_t length = write(fds[0].fd, input.data(), input.size());
      if (length < 0 && errno != EINTR && errno != EAGAIN) input = {};
      if (length > 0) input.remove_prefix(static_cast<std::size_t>(length));
    }
    if (fds[1].fd >= 0 && fds[1].revents != 0 && !read_some(fds[1].fd, output.out)) fds[1].fd = -1;
    if (fds[2].fd >= 0 && fds[2].revents != 0 && !read_some(fds[2].fd, output.err)) fds[2].fd = -1;
  }
}

int status_of(pid_t child) {
  int status = 0;
  while (waitpid(child, &status, 0) < 0) {
    if (errno != EINTR) return 127;
  }
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

// What nft said, without the echo of what it was given.
std::string complaint(const ProgramOutput& output) {
  for (const TextLine& line : lines_of(output.err)) {
    if (line.text.contains("Error: ")) return "nft: " + line.text;
  }
  return fmt::format("nft: exit status {}{}", output.status, output.err.empty() ? "" : ": " + output.err);
}

bool says_there_is_no_table(const ProgramOutput& output) {
  return output.status != 0 && output.err.contains("No such file or directory");
}

// Its output; nothing inside when there is no table of ours.
Nft<std::optional<std::string>> list_table(const std::vector<std::string>& how) {
  std::vector<std::string> arguments = how;
  arguments.insert(arguments.end(), {"list", "table", "inet", "dozo"});
  auto output = run_program("nft", arguments, "");
  if (!output) return std::unexpected(output.error());
  if (says_there_is_no_table(*output)) return std::nullopt;
  if (output->status != 0) return std::unexpected(complaint(*output));
  return std::move(output->out);
}

}  // namespace

std::expected<ProgramOutput, std::string> run_program(const std::string& program,
                                                      const std::vector<std::string>& arguments,
                                                      std::string_view input) {
  const std::string path = path_to(program);
  if (path.empty()) return std::unexpected(program + ": not installed");
  std::array<Pipe, 3> pipes;
  for (const Pipe& pipe : pipes) {
    if (!pipe.is_open()) return std::unexpected(fmt::format("{}: no pipe: {}", program, std::strerror(errno)));
  }
  // It may end before it has read everything: that is for its exit status to say.
  const auto before = signal(SIGPIPE, SIG_IGN);
  pid_t child = 0;
  const int error = spawn(child, path, arguments, pipes);
  ProgramOutput output;
  if (error == 0) {
    pipes[0].close_end(0);
    pipes[1].close_end(1);
    pipes[2].close_end(1);
    exchange(pipes, input, output);
    output.status = status_of(child);
  }
  signal(SIGPIPE, before);
  if (error != 0) return std::unexpected(fmt::format("{}: {}", path, std::strerror(error)));
  return output;
}

Nft<> nft_load(std::string_view text) {
  const auto output = run_program("nft", {"-f", "-"}, text);
  if (!output) return std::unexpected(output.error());
  if (output->status != 0) return std::unexpected(complaint(*output));
  return {};
}

Nft<std::string> nft_saved() {
  auto listed = list_table({});
  if (!listed) return std::unexpected(listed.error());
  return std::move(*listed).value_or("");
}

Nft<std::optional<NftTable>> nft_live() {
  const auto listed = list_table({"-j"});
  if (!listed) return std::unexpected(listed.error());
  if (!*listed) return std::nullopt;
  auto table = nft_table_from_json(**listed);
  if (!table) return std::unexpected(table.error().message);
  return std::move(*table);
}

Nft<> nft_restore(std::string_view saved) { return nft_load(std::string(kForget) + std::string(saved)); }

Nft<> nft_ban(const Address& address, std::int64_t seconds) {
  const std::string_view set = address.family == Family::v4 ? kNftLiveBans4 : kNftLiveBans6;
  const std::string who = to_string(address);
  // Added, taken out and added: so it is there with this timeout, whether it was there before or not.
  return nft_load(
      fmt::format("add element inet dozo {0} {{ {1} }}\ndelete element inet dozo {0} {{ {1} }}\n"
                  "add element inet dozo {0} {{ {1} timeout {2} }}\n",
                  set, who, nft_timeout(seconds)));
}

Nft<> nft_unban(const Address& address) {
  const std::string_view set = address.family == Family::v4 ? kNftLiveBans4 : kNftLiveBans6;
  const std::string who = to_string(address);
  return nft_load(
      fmt::format("add element inet dozo {0} {{ {1} }}\ndelete element inet dozo {0} {{ {1} }}\n", set, who));
}

}  // namespace dozo::policy
