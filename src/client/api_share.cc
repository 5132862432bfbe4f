// Share of include/dozo/client.h.
#include <fmt/format.h>

#include "client/api_engine.h"
#include "client/api_file.h"
#include "client/files.h"
#include "client/resolve.h"
#include "client/url.h"
#include "model/nt_status.h"

namespace dozo::smb {
namespace {

using client::Link;
using client::Tree;

Error wrong(std::string message) {
  return {static_cast<std::uint32_t>(NtStatus::INVALID_PARAMETER), std::move(message)};
}

std::chrono::system_clock::time_point time_of(FileTime time) {
  const auto wall = time.to_wall().time_since_epoch();
  return std::chrono::system_clock::time_point(std::chrono::duration_cast<std::chrono::system_clock::duration>(wall));
}

Entry entry_of(const client::DirectoryEntry& entry) {
  Entry out;
  out.name = entry.name;
  out.is_folder = entry.is_directory();
  out.is_link = entry.attributes.has(FileAttribute::reparse_point);
  out.attributes = entry.attributes.bits();
  out.size = entry.size;
  out.allocated = entry.allocation_size;
  out.created = time_of(entry.creation_time);
  out.accessed = time_of(entry.last_access_time);
  out.written = time_of(entry.last_write_time);
  out.changed = time_of(entry.change_time);
  return out;
}

// Who logs on, or what is wrong with what was given.
Result<std::shared_ptr<const client::Logon>> logon_of(const Options& options, const client::Url& url) {
  if (options.anonymous) return client::anonymous_logon();
  const std::string& user = url.user.empty() ? options.user : url.user;
  if (user.empty()) return wrong("no user: name one in the address, in Options::user, or set Options::anonymous");
  auto credentials = identity::NtlmCredentials::from_password(user, url.domain.empty() ? options.domain : url.domain,
                                                              options.password);
  if (!credentials) return wrong("the password is not UTF-8");
  return client::ntlm_logon(std::move(*credentials));
}

Result<client::LinkTarget> target_of(const Options& options, const client::Url& url) {
  auto logon = logon_of(options, url);
  if (!logon) return logon.error();
  const auto least = dialect_from_string(options.min_dialect);
  const auto most = dialect_from_string(options.max_dialect);
  if (!least || !most || *least > *most) return wrong("a dialect is one of 2.0.2, 2.1, 3.0, 3.0.2 and 3.1.1");
  std::string error;
  client::LinkTarget target{.endpoints = client::resolve_host(url.host, url.port, error),
                            .connection = {},
                            .logon = *logon,
                            .session = {},
                            .share = url.share,
                            .patience = options.patience};
  if (target.endpoints.empty()) {
    return Error{static_cast<std::uint32_t>(NtStatus::HOST_UNREACHABLE), fmt::format("{}: {}", url.host, error)};
  }
  target.connection.server_name = url.host;
  target.connection.dialect_min = *least;
  target.connection.dialect_max = *most;
  target.connection.require_signing = !options.allow_unsigned;
  target.connection.encrypt = options.encryption == Encryption::always;
  target.connection.timeout = options.timeout;
  target.connection.keepalive = options.timeout;
  target.session.allow_guest = options.allow_unsigned && (options.allow_guest || options.anonymous);
  return target;
}

runtime::Task<dozo::Result<Done>> connect_once(Link& link, client::Stage& reached) {
  const auto line = co_await link.line();
  reached = link.reached();
  if (!line) co_return fail(line.error());
  co_return Done{};
}

runtime::Task<dozo::Result<std::string>> dialect_now(Link& link) {
  const auto line = co_await link.line();
  if (!line) co_return fail(line.error());
  co_return std::string(to_string((*line)->connection->negotiated().dialect));
}

// For what must not be done twice: once, over a line that is there.
template <class F>
runtime::Task<dozo::Result<>> once(Link& link, F make) {
  const auto line = co_await link.line();
  if (!line) co_return fail(line.error());
  const auto result = co_await make(*(*line)->tree);
  co_return result;
}

template <class F>
Status change(Engine& engine, const std::string& path, F make) {
  const auto result = engine.run([&make](Link& link) { return once(link, make); });
  if (!result) return engine.error_at(path, result.error());
  return Done{};
}

}  // namespace

Share::Share(std::shared_ptr<Impl> impl) : impl_(std::move(impl)) {}
Share::Share(Share&&) noexcept = default;
Share& Share::operator=(Share&&) noexcept = default;
Share::~Share() = default;

Result<Share> Share::connect(const Options& options) {
  std::string error;
  const auto url = client::parse_url(options.address, error);
  if (!url) return wrong(error);
  if (url->share.empty()) return wrong(options.address + " names no share; it is smb://HOST/SHARE");
  auto target = target_of(options, *url);
  if (!target) return target.error();
  auto impl = std::make_shared<Impl>(std::move(*target), url->unc());
  client::Stage reached = client::Stage::connecting;
  const auto connected = impl->engine.run([&reached](Link& link) { return connect_once(link, reached); });
  if (!connected) return impl->engine.connect_error(connected.error(), reached);
  return Share(std::move(impl));
}

std::string Share::dialect() const {
  const auto dialect = impl_->engine.run([](Link& link) { return dialect_now(link); });
  return dialect ? *dialect : std::string();
}

Result<std::vector<Entry>> Share::list(const std::string& folder, const std::string& pattern) {
  const std::string path = to_remote_path(folder);
  const auto entries = impl_->engine.run([&path, &pattern](Link& link) {
    return link.run([&path, &pattern](Tree& tree) { return client::list_directory(tree, path, pattern); });
  });
  if (!entries) return impl_->engine.error_at(path, entries.error());
  std::vector<Entry> out;
  out.reserve(entries->size());
  for (const client::DirectoryEntry& entry : *entries) out.push_back(entry_of(entry));
  return out;
}

Result<Entry> Share::stat(const std::string& name) {
  const std::string path = to_remote_path(name);
  const auto entry = impl_->engine.run(
      [&path](Link& link) { return link.run([&path](Tree& tree) { return client::stat(tree, path); }); });
  if (!entry) return impl_->engine.error_at(path, entry.error());
  return entry_of(*entry);
}

Result<std::vector<std::uint8_t>> Share::read(const std::string& name) {
  auto file = open(name, Mode::read);
  if (!file) return file.error();
  std::vector<std::uint8_t> content(file->size());
  const auto got = file->read_at(0, content.data(), content.size());
  if (!got) return got.error();
  content.resize(*got);  // it may have become shorter meanwhile
  const auto closed = file->close();
  if (!closed) return closed.error();
  return content;
}

Status Share::write(const std::string& name, const void* from, std::size_t size) {
  auto file = open(name, Mode::replace);
  if (!file) return file.error();
  const auto written = file->write_at(0, from, size);
  if (!written) return written;
  return file->close();
}

Status Share::make_folder(const std::string& name) {
  const std::string path = to_remote_path(name);
  return change(impl_->engine, path, [path](Tree& tree) { return client::make_directory(tree, path); });
}

Status Share::remove_file(const std::string& name) {
  const std::string path = to_remote_path(name);
  return change(impl_->engine, path, [path](Tree& tree) { return client::remove_file(tree, path); });
}

Status Share::remove_folder(const std::string& name) {
  const std::string path = to_remote_path(name);
  return change(impl_->engine, path, [path](Tree& tree) { return client::remove_directory(tree, path); });
}

Status Share::rename(const std::string& from, const std::string& to, bool replace) {
  const std::string old_path = to_remote_path(from);
  const std::string new_path = to_remote_path(to);
  return change(impl_->engine, old_path, [old_path, new_path, replace](Tree& tree) {
    return client::rename(tree, old_path, new_path, replace);
  });
}

Result<File> Share::open(const std::string& name, Mode mode) { return open_file(impl_, to_remote_path(name), mode); }

}  // namespace dozo::smb
