// dozo get, put and cat.
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <ostream>
#include <utility>

#include "cli/commands.h"
#include "cli/configuration.h"
#include "cli/progress.h"
#include "cli/remote.h"
#include "cli/remote_text.h"

namespace dozo::cli {
namespace {

// Big enough that all pieces of a transfer in flight fit, small enough for any machine.
constexpr std::size_t kChunk = 16 * 1024 * 1024;

// A descriptor of this machine.
class LocalFile {
 public:
  explicit LocalFile(int fd) : fd_(fd) {}
  ~LocalFile() {
    if (fd_ >= 0) close(fd_);
  }
  LocalFile(const LocalFile&) = delete;
  LocalFile& operator=(const LocalFile&) = delete;
  int fd() const { return fd_; }

  // Bytes read: fewer than `into` only at the end; -1 and errno on an error.
  std::int64_t read_chunk(MutableBytes into) const {
    std::size_t have = 0;
    while (have < into.size()) {
      const ssize_t got = read(fd_, into.data() + have, into.size() - have);
      if (got < 0 && errno == EINTR) continue;
      if (got < 0) return -1;
      if (got == 0) break;
      have += static_cast<std::size_t>(got);
    }
    return static_cast<std::int64_t>(have);
  }
  bool write_all(Bytes from) const {
    while (!from.empty()) {
      const ssize_t written = write(fd_, from.data(), from.size());
      if (written < 0 && errno != EINTR) return false;
      if (written > 0) from = from.subspan(static_cast<std::size_t>(written));
    }
    return true;
  }
  bool close_checked() { return close(std::exchange(fd_, -1)) == 0; }

 private:
  int fd_;
};

Exit failed_locally(Io& io, const std::string& path) {
  return failed(io, fmt::format("{}: {}", printable_name(path), std::strerror(errno)));
}

std::string last_name(const std::string& path) { return path.substr(path.rfind('\\') + 1); }

// --- From the share

// The whole remote file to `local`. `where` names the local side in messages.
runtime::Task<Exit> download(Remote& remote, client::File& file, const LocalFile& local, const std::string& where) {
  const std::uint64_t size = file.created().end_of_file;
  Progress progress(remote.io, last_name(remote.url.path), size);
  ByteVector buffer(std::min<std::uint64_t>(kChunk, std::max<std::uint64_t>(size, 1)));
  for (std::uint64_t done = 0;;) {
    const auto got = co_await file.read_range(done, buffer);
    if (!got) co_return failed_on(remote, remote.url.path, got.error());
    if (!local.write_all(Bytes(buffer).first(*got))) co_return failed_locally(remote.io, where);
    done += *got;
    if (*got < buffer.size()) co_return Exit::done;
    progress.show(done);
  }
}

runtime::Task<Exit> download_and_close(Remote& remote, const LocalFile& local, const std::string& where) {
  const auto file = co_await remote.tree.open(
      {.path = remote.url.path, .options = CreateOption::non_directory_file, .attributes = {}, .contexts = {}});
  if (!file) co_return failed_on(remote, remote.url.path, file.error());
  const Exit exit = co_await download(remote, **file, local, where);
  const auto closed = co_await (*file)->close();
  if (exit == Exit::done && !closed) co_return failed_on(remote, remote.url.path, closed.error());
  co_return exit;
}

std::string local_target(Remote& remote) {
  const std::string name = last_name(remote.url.path);
  const std::string typed = remote.arguments.value("LOCAL").value_or(name);
  std::error_code error;
  return std::filesystem::is_directory(typed, error) ? (std::filesystem::path(typed) / name).string() : typed;
}

// Under another name until it is whole, so that a half of a file is never taken for the file.
runtime::Task<Exit> get_file(Remote& remote) {
  const std::string target = local_target(remote);
  const std::string partial = target + ".dozo-partial";
  LocalFile local(open(partial.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0666));
  if (local.fd() < 0) co_return failed_locally(remote.io, partial);
  const Exit exit = co_await download_and_close(remote, local, partial);
  if (exit != Exit::done) {
    unlink(partial.c_str());
    co_return exit;
  }
  const bool renamed = local.close_checked() && rename(partial.c_str(), target.c_str()) == 0;
  if (renamed) co_return Exit::done;
  const Exit result = failed_locally(remote.io, target);
  unlink(partial.c_str());
  co_return result;
}

runtime::Task<Exit> print_file(Remote& remote) {
  remote.io.out.flush();
  const LocalFile local(dup(STDOUT_FILENO));
  if (local.fd() < 0) co_return failed_locally(remote.io, "standard output");
  co_return co_await download_and_close(remote, local, "standard output");
}

// --- To the share

runtime::Task<Result<>> upload_chunks(client::File& file, const LocalFile& local, Progress& progress,
                                      int& local_error) {
  ByteVector buffer(kChunk);
  for (std::uint64_t done = 0;;) {
    const std::int64_t got = local.read_chunk(buffer);
    if (got < 0) local_error = errno;
    if (got <= 0) break;
    const Bytes chunk = Bytes(buffer).first(static_cast<std::size_t>(got));
    DOZO_CO_CHECK(co_await file.write_range(done, chunk));
    done += chunk.size();
    progress.show(done);
  }
  if (local_error != 0) co_return Result<>{};
  const auto flushed = co_await file.flush();
  co_return flushed;
}

runtime::Task<Exit> upload(Remote& remote, const LocalFile& local, const std::string& name, const std::string& path) {
  struct stat status{};
  if (fstat(local.fd(), &status) == 0 && S_ISDIR(status.st_mode)) errno = EISDIR;
  if (S_ISDIR(status.st_mode)) co_return failed_locally(remote.io, name);
  const auto file = co_await remote.tree.open({.path = path,
                                               .access = kFileGenericWrite,
                                               .share = ShareFlag::read,
                                               .disposition = CreateDisposition::overwrite_if,
                                               .options = CreateOption::non_directory_file,
                                               .attributes = FileAttribute::normal,
                                               .contexts = {}});
  if (!file) co_return failed_on(remote, path, file.error());
  Result<> sent;
  int local_error = 0;
  {
    Progress progress(remote.io, name, static_cast<std::uint64_t>(std::max<off_t>(status.st_size, 0)));
    sent = co_await upload_chunks(**file, local, progress, local_error);
  }
  const auto closed = co_await (*file)->close();
  if (local_error != 0) {
    errno = local_error;
    co_return failed_locally(remote.io, name);
  }
  if (!sent) co_return failed_on(remote, path, sent.error());
  co_return closed ? Exit::done : failed_on(remote, path, closed.error());
}

runtime::Task<Exit> put_file(Remote& remote) {
  const std::string& name = remote.arguments.required("LOCAL");
  const LocalFile local(open(name.c_str(), O_RDONLY | O_CLOEXEC));
  if (local.fd() < 0) co_return failed_locally(remote.io, name);
  std::string path = remote.url.path;
  const auto there = co_await client::stat(remote.tree, path);
  if (there && there->is_directory()) {
    path += (path.empty() ? "" : "\\") + std::filesystem::path(name).filename().string();
  }
  co_return co_await upload(remote, local, name, path);
}

Exit run_on_address(const Arguments& arguments, Io& io, RemoteWork work, bool needs_path) {
  const auto url = share_address(arguments.required("ADDRESS"), io);
  if (!url) return Exit::usage;
  if (!url->path.empty() || !needs_path) return run_on_share(arguments, io, *url, work);
  io.err << fmt::format("dozo: {} names a share, not a file\n", url->unc());
  return Exit::usage;
}

}  // namespace

Exit run_get(const Arguments& arguments, Io& io) { return run_on_address(arguments, io, get_file, true); }

Exit run_cat(const Arguments& arguments, Io& io) { return run_on_address(arguments, io, print_file, true); }

Exit run_put(const Arguments& arguments, Io& io) { return run_on_address(arguments, io, put_file, false); }

}  // namespace dozo::cli
