#include "cli/remote.h"

#include <fmt/format.h>
#include <netdb.h>

#include <cstring>
#include <fstream>
#include <memory>
#include <ostream>
#include <vector>

#include "cli/configuration.h"
#include "cli/environment.h"
#include "cli/json_text.h"
#include "cli/password.h"
#include "cli/remote_text.h"
#include "runtime/gate.h"

namespace dozo::cli {
namespace {

using client::Connection;
using client::Session;
using client::Tree;

std::vector<runtime::Endpoint> resolve(const client::Url& url, std::string& error) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* list = nullptr;
  const int result = getaddrinfo(url.host.c_str(), std::to_string(url.port).c_str(), &hints, &list);
  if (result != 0) error = gai_strerror(result);
  std::vector<runtime::Endpoint> endpoints;
  for (const addrinfo* it = list; it != nullptr; it = it->ai_next) {
    runtime::Endpoint endpoint;
    if (it->ai_addrlen > sizeof endpoint.storage) continue;
    std::memcpy(&endpoint.storage, it->ai_addr, it->ai_addrlen);
    endpoint.length = it->ai_addrlen;
    endpoints.push_back(endpoint);
  }
  if (list != nullptr) freeaddrinfo(list);
  return endpoints;
}

std::expected<std::string, std::string> remote_password(const Arguments& arguments, Io& io, const std::string& who) {
  if (arguments.flag("--password-stdin")) return password_from_stream(io.in);
  if (const auto path = arguments.value("--password-file")) {
    std::ifstream file(*path, std::ios::binary);
    if (!file) return std::unexpected(fmt::format("{}: cannot be read: {}", *path, std::strerror(errno)));
    auto password = password_from_stream(file);
    if (!password) return std::unexpected(fmt::format("{} has no first line", *path));
    return password;
  }
  if (std::string password = environment("DOZO_PASSWORD"); !password.empty()) return password;
  return ask_password(fmt::format("Password for {}: ", who));
}

// Everything that is known before a packet is sent.
struct Attempt {
  const Arguments& arguments;
  Io& io;
  const client::Url& url;
  RemoteWork work;
  client::ConnectionOptions options;
  client::Credentials credentials;
  std::vector<runtime::Endpoint> endpoints;
  Exit exit = Exit::failed;
};

Exit failed_at(Attempt& attempt, std::string_view where, NtStatus status) {
  return failed(attempt.io, fmt::format("{}: {}", printable_name(where), explain(status)));
}

runtime::Task<Exit> work_on_tree(Attempt& attempt, Session& session) {
  const auto tree = co_await session.connect_tree(attempt.url.share);
  if (!tree) co_return failed_at(attempt, attempt.url.unc(), tree.error());
  Remote remote{attempt.arguments, attempt.io, attempt.url, **tree};
  const Exit exit = co_await attempt.work(remote);
  // What was done is done; a server that is gone by now changes nothing about it.
  const auto disconnected = co_await (*tree)->disconnect();
  static_cast<void>(disconnected);
  co_return exit;
}

runtime::Task<Exit> work_on_connection(Attempt& attempt, Connection& connection) {
  const std::string who = attempt.credentials.user;
  const auto session = co_await Session::log_on(connection, std::move(attempt.credentials));
  if (!session) {
    co_return failed_at(attempt, fmt::format("logging on to {} as {}", attempt.url.host, who), session.error());
  }
  const Exit exit = co_await work_on_tree(attempt, **session);
  const auto logged_off = co_await (*session)->log_off();
  static_cast<void>(logged_off);
  co_return exit;
}

// The first address that accepts connections, as the resolver orders them.
runtime::Task<void> run_attempt(runtime::Loop& loop, Attempt& attempt) {
  NtStatus last = NtStatus::HOST_UNREACHABLE;
  for (const runtime::Endpoint& endpoint : attempt.endpoints) {
    const auto connection = co_await Connection::connect(loop, endpoint, attempt.options);
    if (!connection) {
      last = connection.error();
      continue;
    }
    attempt.exit = co_await work_on_connection(attempt, **connection);
    co_await (*connection)->close();
    loop.stop();
    co_return;
  }
  attempt.exit = failed_at(attempt, fmt::format("{} port {}", attempt.url.host, attempt.url.port), last);
  loop.stop();
}

std::optional<client::ConnectionOptions> connection_options(const Arguments& arguments, Io& io,
                                                            const client::Url& url) {
  client::ConnectionOptions options;
  options.server_name = url.host;
  options.encrypt = arguments.flag("--encrypt");
  options.dialect_min = Dialect::smb_3_0;
  const auto typed = arguments.value("--min-dialect");
  if (!typed) return options;
  const auto dialect = dialect_from_string(*typed);
  if (dialect) {
    options.dialect_min = *dialect;
    return options;
  }
  io.err << fmt::format("dozo: --min-dialect {}: it is one of 2.0.2, 2.1, 3.0, 3.0.2, 3.1.1\n", on_one_line(*typed));
  return std::nullopt;
}

}  // namespace

std::optional<client::Url> share_address(const std::string& typed, Io& io) {
  std::string error;
  auto url = client::parse_url(typed, error);
  if (url && url->share.empty()) error = "names no share; it is smb://HOST/SHARE";
  if (error.empty()) return url;
  io.err << fmt::format("dozo: {}: {}\n", on_one_line(typed), on_one_line(error));
  return std::nullopt;
}

Exit run_on_share(const Arguments& arguments, Io& io, const client::Url& url, RemoteWork work) {
  const auto options = connection_options(arguments, io, url);
  if (!options) return Exit::usage;
  const std::string user = !url.user.empty() ? url.user : arguments.value("--user").value_or(current_user());
  std::string error;
  auto endpoints = resolve(url, error);
  if (endpoints.empty()) return failed(io, fmt::format("{}: {}", on_one_line(url.host), error));
  const auto password = remote_password(arguments, io, fmt::format("{} on {}", user, url.host));
  if (!password) return failed(io, password.error());

  Attempt attempt{arguments, io, url, work, *options, {user, url.domain, *password}, std::move(endpoints)};
  const std::unique_ptr<runtime::Loop> loop = runtime::make_loop(runtime::detect_backend(error));
  runtime::Gate gate;
  loop->post([&gate, &loop, &attempt] { runtime::spawn(gate, run_attempt(*loop, attempt)); });
  loop->run();
  return attempt.exit;
}

Exit failed_on(Remote& remote, const std::string& path, NtStatus status) {
  const std::string where = remote.url.unc() + (path.empty() ? "" : "\\" + path);
  return failed(remote.io, fmt::format("{}: {}", printable_name(where), explain(status)));
}

}  // namespace dozo::cli
