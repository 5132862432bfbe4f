#include "cli/remote.h"

#include <fmt/format.h>

#include <memory>
#include <ostream>

#include "cli/configuration.h"
#include "cli/json_text.h"
#include "cli/remote_text.h"
#include "client/resolve.h"
#include "runtime/gate.h"

namespace dozo::cli {
namespace {

using client::Link;

// Everything that is known before a packet is sent.
struct Attempt {
  const Arguments& arguments;
  Io& io;
  const client::Url& url;
  RemoteWork work;
  std::string user;
  client::LinkTarget target;
  Exit exit = Exit::failed;
};

// What was tried when it did not come any further.
std::string doing(const Attempt& attempt, client::Stage reached) {
  switch (reached) {
    case client::Stage::connecting:
      return fmt::format("{} port {}", attempt.url.host, attempt.url.port);
    case client::Stage::logging_on:
      return fmt::format("logging on to {} as {}", attempt.url.host, attempt.user);
    case client::Stage::connecting_tree:
    case client::Stage::ready:
      break;
  }
  return attempt.url.unc();
}

runtime::Task<Exit> work_on(Attempt& attempt, Link& link) {
  // Held until the end: `tree` is one of it, whatever becomes of its connection.
  const auto line = co_await link.line();
  if (!line) {
    const std::string where = printable_name(doing(attempt, link.reached()));
    co_return failed(attempt.io, fmt::format("{}: {}", where, explain(line.error())));
  }
  Remote remote{attempt.arguments, attempt.io, attempt.url, link, *(*line)->tree};
  const Exit exit = co_await attempt.work(remote);
  co_return exit;
}

runtime::Task<void> run_attempt(runtime::Loop& loop, Attempt& attempt) {
  {
    Link link(loop, std::move(attempt.target));
    attempt.exit = co_await work_on(attempt, link);
    co_await link.close();
  }
  loop.stop();
}

std::optional<client::ConnectionOptions> connection_options(const Arguments& arguments, Io& io,
                                                            const client::Url& url) {
  client::ConnectionOptions options;
  options.server_name = url.host;
  options.encrypt = arguments.flag("--encrypt");
  options.dialect_min = Dialect::smb_3_0;
  options.keepalive = std::chrono::seconds(60);
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
  std::string error;
  auto endpoints = client::resolve_host(url.host, url.port, error);
  if (endpoints.empty()) return failed(io, fmt::format("{}: {}", on_one_line(url.host), error));
  const auto who = credentials_for(arguments, io, url);
  if (!who) return failed(io, who.error());
  auto hashed = identity::NtlmCredentials::from_password(who->user, who->domain, who->password);
  if (!hashed) return failed(io, "the password is not UTF-8");

  Attempt attempt{.arguments = arguments,
                  .io = io,
                  .url = url,
                  .work = work,
                  .user = who->user,
                  .target = {.endpoints = std::move(endpoints),
                             .connection = *options,
                             .logon = client::ntlm_logon(std::move(*hashed)),
                             .session = {},
                             .share = url.share}};
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

std::string last_name(const std::string& path) { return path.substr(path.rfind('\\') + 1); }

std::string joined(const std::string& folder, const std::string& name) {
  return folder.empty() ? name : folder + "\\" + name;
}

}  // namespace dozo::cli
