#include "cli/password.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <termios.h>
#include <unistd.h>

#include <cstdio>
#include <istream>

#include "crypto/random.h"

namespace dozo::cli {
namespace {

// The terminal of this process, without echo while it lives.
class QuietTerminal {
 public:
  QuietTerminal() : fd_(open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY)) {
    if (fd_ < 0 || tcgetattr(fd_, &before_) != 0) return;
    termios quiet = before_;
    quiet.c_lflag &= ~static_cast<tcflag_t>(ECHO);
    quiet_ = tcsetattr(fd_, TCSAFLUSH, &quiet) == 0;
  }
  ~QuietTerminal() {
    if (quiet_) tcsetattr(fd_, TCSAFLUSH, &before_);
    if (fd_ >= 0) close(fd_);
  }
  QuietTerminal(const QuietTerminal&) = delete;
  QuietTerminal& operator=(const QuietTerminal&) = delete;

  bool usable() const { return quiet_; }

  std::expected<std::string, std::string> ask(const std::string& prompt) {
    print(prompt);
    std::string line;
    char c = 0;
    ssize_t got = 0;
    while ((got = read(fd_, &c, 1)) == 1 && c != '\n') line += c;
    print("\n");
    if (got != 1) return std::unexpected("no password was typed");
    return line;
  }

 private:
  void print(std::string_view text) {
    while (!text.empty()) {
      const ssize_t written = write(fd_, text.data(), text.size());
      if (written <= 0) return;
      text.remove_prefix(static_cast<std::size_t>(written));
    }
  }

  int fd_;
  termios before_{};
  bool quiet_ = false;
};

}  // namespace

std::expected<std::string, std::string> password_from_stream(std::istream& in) {
  std::string line;
  if (!std::getline(in, line)) return std::unexpected("no password on standard input");
  if (line.ends_with('\r')) line.pop_back();
  return line;
}

std::expected<std::string, std::string> password_from_terminal(std::string_view user) {
  QuietTerminal terminal;
  if (!terminal.usable()) return std::unexpected("there is no terminal to ask on; use --password-stdin");
  auto first = terminal.ask(fmt::format("New password for {}: ", user));
  if (!first) return first;
  const auto second = terminal.ask("Once more: ");
  if (!second) return second;
  if (*first != *second) return std::unexpected("the two passwords differ");
  return first;
}

std::expected<std::string, std::string> ask_password(const std::string& prompt) {
  QuietTerminal terminal;
  if (terminal.usable()) return terminal.ask(prompt);
  return std::unexpected("there is no terminal to ask on; use --password-stdin, --password-file or DOZO_PASSWORD");
}

std::expected<std::string, std::string> read_password(const Arguments& arguments, Io& io, std::string_view user) {
  return arguments.flag("--password-stdin") ? password_from_stream(io.in) : password_from_terminal(user);
}

std::string generated_password() {
  constexpr std::string_view kAlphabet = "abcdefghjkmnpqrstuvwxyz23456789";
  constexpr std::size_t kCharacters = 20;
  constexpr std::size_t kGroup = 5;
  std::string password;
  for (std::size_t made = 0; made < kCharacters;) {
    const unsigned value = crypto::random_bytes<1>()[0] & 31u;
    if (value >= kAlphabet.size()) continue;  // drawn again, so that all characters are equally likely
    if (made > 0 && made % kGroup == 0) password += '-';
    password += kAlphabet[value];
    ++made;
  }
  return password;
}

}  // namespace dozo::cli
