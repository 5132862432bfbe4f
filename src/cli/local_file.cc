#include "cli/local_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "crypto/hash.h"

namespace dozo::cli {
namespace {

LocalStatus status_from(const struct stat& found) {
  return {.is_folder = S_ISDIR(found.st_mode),
          .is_file = S_ISREG(found.st_mode),
          .size = static_cast<std::uint64_t>(found.st_size),
          .written = FileTime::from_unix(found.st_mtim.tv_sec, static_cast<std::uint32_t>(found.st_mtim.tv_nsec))};
}

}  // namespace

LocalFile::~LocalFile() {
  if (fd_ >= 0) close(fd_);
}

runtime::Task<std::int64_t> LocalFile::read_at(runtime::Loop& loop, std::uint64_t offset, MutableBytes into) const {
  std::size_t have = 0;
  while (have < into.size()) {
    const int got = co_await runtime::read_at(loop, fd_, into.subspan(have), offset + have);
    if (got == -EINTR || got == -EAGAIN) continue;
    if (got < 0) co_return got;
    if (got == 0) break;
    have += static_cast<std::size_t>(got);
  }
  co_return static_cast<std::int64_t>(have);
}

runtime::Task<int> LocalFile::write_at(runtime::Loop& loop, std::uint64_t offset, Bytes from) const {
  while (!from.empty()) {
    const int written = co_await runtime::write_at(loop, fd_, from, offset);
    if (written == -EINTR || written == -EAGAIN) continue;
    if (written < 0) co_return written;
    from = from.subspan(static_cast<std::size_t>(written));
    offset += static_cast<std::size_t>(written);
  }
  co_return 0;
}

int LocalFile::write_here(Bytes from) const {
  while (!from.empty()) {
    const ssize_t written = write(fd_, from.data(), from.size());
    if (written < 0 && errno != EINTR) return -errno;
    if (written > 0) from = from.subspan(static_cast<std::size_t>(written));
  }
  return 0;
}

int LocalFile::close_checked() { return close(std::exchange(fd_, -1)) == 0 ? 0 : -errno; }

std::optional<LocalStatus> local_status(const std::string& path) {
  struct stat found{};
  if (lstat(path.c_str(), &found) != 0) return std::nullopt;
  return status_from(found);
}

std::optional<LocalStatus> local_status(const LocalFile& file) {
  struct stat found{};
  if (fstat(file.fd(), &found) != 0) return std::nullopt;
  return status_from(found);
}

int set_local_time(const LocalFile& file, FileTime written) {
  const FileTime::Unix time = written.to_unix();
  const timespec times[] = {{.tv_sec = 0, .tv_nsec = UTIME_OMIT}, {.tv_sec = time.seconds, .tv_nsec = time.ns}};
  return futimens(file.fd(), times) == 0 ? 0 : -errno;
}

std::string partial_name(const std::string& source, std::uint64_t size, FileTime written) {
  const std::string text = fmt::format("{}|{}|{}", source, size, written.ticks);
  const crypto::Digest256 digest = crypto::sha256(as_bytes(text));
  std::string name = ".dozo-";
  for (std::size_t i = 0; i < 8; ++i) name += fmt::format("{:02x}", digest[i]);
  return name + ".partial";
}

}  // namespace dozo::cli
