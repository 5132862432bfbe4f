#include "cli/control_client.h"

#include <fmt/format.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace dozo::cli {
namespace {

constexpr std::size_t kAnswerMax = 64 * 1024 * 1024;
constexpr time_t kAnswerTimeoutSeconds = 30;

class Connection {
 public:
  Connection() : fd_(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) {}
  ~Connection() {
    if (fd_ >= 0) ::close(fd_);
  }
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  bool connect(const std::string& path) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (path.size() >= sizeof address.sun_path) {
      errno = ENAMETOOLONG;
      return false;
    }
    std::memcpy(address.sun_path, path.data(), path.size());
    const timeval timeout{.tv_sec = kAnswerTimeoutSeconds, .tv_usec = 0};
    setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof timeout);
    setsockopt(fd_, SOL_SOCKET, SO_SNDTIMEO, &timeout, sizeof timeout);
    const void* as_bytes = &address;
    return ::connect(fd_, static_cast<const sockaddr*>(as_bytes), sizeof address) == 0;
  }

  bool send_all(std::string_view text) {
    while (!text.empty()) {
      const ssize_t sent = ::send(fd_, text.data(), text.size(), MSG_NOSIGNAL);
      if (sent <= 0) return false;
      text.remove_prefix(static_cast<std::size_t>(sent));
    }
    return true;
  }

  std::expected<std::string, std::string> receive_line() {
    std::string line;
    char piece[65536];
    while (line.size() < kAnswerMax) {
      const ssize_t got = ::recv(fd_, piece, sizeof piece, 0);
      if (got < 0) return std::unexpected(fmt::format("no answer from the server: {}", std::strerror(errno)));
      if (got == 0) return std::unexpected("the server closed the control connection without an answer");
      line.append(piece, static_cast<std::size_t>(got));
      if (const std::size_t end = line.find('\n'); end != line.npos) return line.substr(0, end);
    }
    return std::unexpected("the server's answer is too long");
  }

 private:
  int fd_;
};

std::string advice(int error) {
  if (error == ENOENT || error == ECONNREFUSED) return "; is the server running, with the same configuration?";
  if (error == EACCES) return "; ask as the user who started the server, or as root";
  return {};
}

}  // namespace

std::expected<std::string, std::string> ask_server(const std::string& socket_path, std::string_view request) {
  Connection connection;
  if (!connection.connect(socket_path)) {
    const int error = errno;
    return std::unexpected(
        fmt::format("cannot reach the server at {}: {}{}", socket_path, std::strerror(error), advice(error)));
  }
  if (!connection.send_all(fmt::format("{}\n", request))) {
    return std::unexpected(fmt::format("cannot ask the server at {}: {}", socket_path, std::strerror(errno)));
  }
  return connection.receive_line();
}

}  // namespace dozo::cli
