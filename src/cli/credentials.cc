#include "cli/credentials.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstring>
#include <fstream>

#include "cli/environment.h"
#include "cli/password.h"

namespace dozo::cli {
namespace {

using Loaded = std::expected<client::Credentials, std::string>;

std::string_view without_blanks(std::string_view text) {
  const auto first = text.find_first_not_of(" \t\r");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t\r") + 1 - first);
}

std::string* member_of(client::Credentials& credentials, std::string_view key) {
  if (key == "username" || key == "user") return &credentials.user;
  if (key == "password") return &credentials.password;
  if (key == "domain") return &credentials.domain;
  return nullptr;
}

Loaded load_credentials(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  struct stat status{};
  if (!file || stat(path.c_str(), &status) != 0) {
    return std::unexpected(fmt::format("{}: cannot be read: {}", path, std::strerror(errno)));
  }
  if ((status.st_mode & 077) != 0) {
    return std::unexpected(fmt::format("{}: others may read it; first: chmod 600 {}", path, path));
  }
  auto loaded = parse_credentials(file);
  if (!loaded) return std::unexpected(fmt::format("{}: {}", path, loaded.error()));
  return loaded;
}

std::expected<std::string, std::string> password_of(const Arguments& arguments, Io& io, const std::string& loaded,
                                                    const std::string& who) {
  if (arguments.flag("--password-stdin")) return password_from_stream(io.in);
  if (const auto path = arguments.value("--password-file")) {
    std::ifstream file(*path, std::ios::binary);
    if (!file) return std::unexpected(fmt::format("{}: cannot be read: {}", *path, std::strerror(errno)));
    auto password = password_from_stream(file);
    if (!password) return std::unexpected(fmt::format("{} has no first line", *path));
    return password;
  }
  if (!loaded.empty()) return loaded;
  if (std::string password = environment("DOZO_PASSWORD"); !password.empty()) return password;
  return ask_password(fmt::format("Password for {}: ", who));
}

std::string first_of(std::initializer_list<std::string> candidates) {
  for (const std::string& candidate : candidates) {
    if (!candidate.empty()) return candidate;
  }
  return {};
}

}  // namespace

Loaded parse_credentials(std::istream& in) {
  client::Credentials out;
  std::string text;
  for (int line = 1; std::getline(in, text); ++line) {
    const std::string_view content = without_blanks(text);
    if (content.empty() || content.starts_with('#')) continue;
    const auto equals = content.find('=');
    std::string* member = member_of(out, without_blanks(content.substr(0, equals)));
    if (equals == std::string_view::npos || member == nullptr) {
      // Not the line itself: it may be a password.
      return std::unexpected(fmt::format("line {} is none of username = …, password = …, domain = …", line));
    }
    if (!member->empty()) return std::unexpected(fmt::format("line {} says again what another has said", line));
    *member = without_blanks(content.substr(equals + 1));
  }
  return out;
}

Loaded credentials_for(const Arguments& arguments, Io& io, const client::Url& url) {
  client::Credentials loaded;
  if (const auto path = arguments.value("--credentials")) {
    auto read = load_credentials(*path);
    if (!read) return read;
    loaded = std::move(*read);
  }
  client::Credentials out;
  out.user = first_of(
      {url.user, arguments.value("--user").value_or(""), loaded.user, environment("DOZO_USER"), current_user()});
  out.domain = first_of({url.domain, loaded.domain});
  auto password = password_of(arguments, io, loaded.password, fmt::format("{} on {}", out.user, url.host));
  if (!password) return std::unexpected(password.error());
  out.password = std::move(*password);
  return out;
}

}  // namespace dozo::cli
