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

runtime::Task<Exit> work_on(Attempt& attempt, Link& link) {
  // Held until the end: `tree` is one of it, whatever becomes of its connection.
  const auto line = co_await link.line();
  if (!line) {
    const std::string where = printable_name(doing(attempt.url, attempt.user, link.reached()));
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

struct LogonAs {
  std::string user;
  std::shared_ptr<const client::Logon> logon;
};
std::expected<LogonAs, std::string> logon_for(const Arguments& arguments, Io& io, const client::Url& url) {
  const auto who = credentials_for(arguments, io, url);
  if (!who) return std::unexpected(who.error());
  auto hashed = identity::NtlmCredentials::from_password(who->user, who->domain, who->password);
  if (!hashed) return std::unexpected("the password is not UTF-8");
  return LogonAs{who->user, client::ntlm_logon(std::move(*hashed))};
}

}  // namespace

std::string doing(const client::Url& url, const std::string& user, client::Stage reached) {
  switch (reached) {
    case client::Stage::connecting:
      return fmt::format("{} port {}", url.host, url.port);
    case client::Stage::logging_on:
      return fmt::format("logging on to {} as {}", url.host, user);
    case client::Stage::connecting_tree:
    case client::Stage::ready:
      break;
  }
  return url.unc();
}

std::optional<client::Url> server_address(const std::string& typed, Io& io) {
  std::string error;
  auto url = client::parse_url(typed, error);
  if (!url) io.err << fmt::format("dozo: {}: {}\n", on_one_line(typed), on_one_line(error));
  return url;
}

std::optional<client::Url> share_address(const std::string& typed, Io& io) {
  auto url = server_address(typed, io);
  if (!url || !url->share.empty()) return url;
  io.err << fmt::format("dozo: {}: names no share; it is smb://HOST/SHARE\n", on_one_line(typed));
  return std::nullopt;
}

std::expected<Reach, Exit> reach_of(const Arguments& arguments, Io& io, const client::Url& url) {
  auto options = connection_options(arguments, io, url);
  if (!options) return std::unexpected(Exit::usage);
  const bool anonymous = arguments.flag(kAnonymous.name);
  if (anonymous) options->require_signing = false;
  std::string error;
  auto endpoints = client::resolve_host(url.host, url.port, error);
  if (endpoints.empty()) {
    return std::unexpected(failed(io, fmt::format("{}: {}", on_one_line(url.host), error)));
  }
  std::expected<LogonAs, std::string> logon = LogonAs{"nobody", client::anonymous_logon()};
  if (!anonymous) logon = logon_for(arguments, io, url);
  if (!logon) return std::unexpected(failed(io, logon.error()));
  return Reach{.target = {.endpoints = std::move(endpoints),
                          .connection = *options,
                          .logon = std::move(logon->logon),
                          .session = {.allow_guest = anonymous},
                          .share = url.share},
               .user = std::move(logon->user)};
}

Exit run_on_share(const Arguments& arguments, Io& io, const client::Url& url, RemoteWork work) {
  auto reach = reach_of(arguments, io, url);
  if (!reach) return reach.error();
  Attempt attempt{.arguments = arguments,
                  .io = io,
                  .url = url,
                  .work = work,
                  .user = std::move(reach->user),
                  .target = std::move(reach->target)};
  std::string why;
  const std::unique_ptr<runtime::Loop> loop = runtime::make_loop(runtime::detect_backend(why));
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
