#include "vfs/posix/ranges.h"

#include <linux/falloc.h>
#include <linux/fs.h>
#include <sys/ioctl.h>

#include <cerrno>

#include "vfs/posix/node_info.h"

namespace dozo::vfs::posix {
namespace {

constexpr std::size_t kRangesMax = 65536;

Result<std::uint64_t> size_of(int fd) {
  const auto status = status_of_fd(fd);
  if (!status) return fail_errno(status.error());
  return status->stx_size;
}

Result<> write_zeros(int fd, std::uint64_t offset, std::uint64_t end) {
  const ByteVector zeros(64 * 1024);
  while (offset < end) {
    const auto want = static_cast<std::size_t>(std::min<std::uint64_t>(zeros.size(), end - offset));
    const ssize_t n = pwrite(fd, zeros.data(), want, static_cast<off_t>(offset));
    if (n <= 0) return fail_errno(n < 0 ? errno : ENOSPC);
    offset += static_cast<std::uint64_t>(n);
  }
  return {};
}

}  // namespace

bool is_sparse(const Share& share, int fd) {
  const auto attributes = stored_attributes(share, {fd}).attributes;
  return attributes && attributes->has(FileAttribute::sparse_file);
}

Result<> truncate_to(int fd, std::uint64_t size) {
  if (ftruncate(fd, static_cast<off_t>(size)) != 0) return fail_errno(errno);
  return {};
}

Result<> allocate_to(int fd, std::uint64_t size) {
  const auto status = status_of_fd(fd);
  if (!status) return fail_errno(status.error());
  const std::uint64_t end = status->stx_size;
  // [MS-FSA] 2.1.5.15.1: less than the end of the file truncates; what was reserved behind the end is given back.
  if (size <= end) return truncate_to(fd, size);
  if (status->stx_blocks * 512 > size) DOZO_CHECK(truncate_to(fd, end));
  if (fallocate(fd, FALLOC_FL_KEEP_SIZE, 0, static_cast<off_t>(size)) == 0) return {};
  // Where space cannot be reserved, none is: what is written later may then find the disk full.
  if (errno == EOPNOTSUPP || errno == ENOSYS) return {};
  return fail_errno(errno);
}

Result<> zero_bytes(int fd, ByteRange range, bool sparse) {
  DOZO_TRY(const std::uint64_t size, size_of(fd));
  const std::uint64_t start = std::min(range.offset, size);
  const std::uint64_t length = std::min(range.length, size - start);
  if (length == 0) return {};
  const int mode = (sparse ? FALLOC_FL_PUNCH_HOLE : FALLOC_FL_ZERO_RANGE) | FALLOC_FL_KEEP_SIZE;
  if (fallocate(fd, mode, static_cast<off_t>(start), static_cast<off_t>(length)) == 0) return {};
  if (errno != EOPNOTSUPP && errno != ENOSYS) return fail_errno(errno);
  return write_zeros(fd, start, start + length);
}

Result<std::vector<ByteRange>> find_allocated(int fd, ByteRange within, bool sparse) {
  DOZO_TRY(const std::uint64_t size, size_of(fd));
  const std::uint64_t start = std::min(within.offset, size);
  const std::uint64_t end = start + std::min(within.length, size - start);
  std::vector<ByteRange> ranges;
  if (start == end) return ranges;
  // [MS-FSA] 2.1.5.10.22: a file that is not sparse is one range.
  if (!sparse) return std::vector<ByteRange>{{start, end - start}};
  // lseek needs an open for data; a second one leaves the position of the first alone.
  const UniqueFd file(open(proc_path(fd).c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (!file) return fail_errno(errno);
  for (std::uint64_t at = start; at < end && ranges.size() < kRangesMax;) {
    const off_t data = lseek(file.get(), static_cast<off_t>(at), SEEK_DATA);
    if (data < 0 && errno == ENXIO) break;
    if (data < 0) return fail_errno(errno);
    if (static_cast<std::uint64_t>(data) >= end) break;
    const off_t hole = lseek(file.get(), data, SEEK_HOLE);
    if (hole < 0) return fail_errno(errno);
    const std::uint64_t to = std::min(end, static_cast<std::uint64_t>(hole));
    ranges.push_back({static_cast<std::uint64_t>(data), to - static_cast<std::uint64_t>(data)});
    at = to;
  }
  return ranges;
}

Result<std::uint64_t> copy_bytes(int in, ByteRange range, int out, std::uint64_t to_offset) {
  auto from = static_cast<off_t>(range.offset);
  auto to = static_cast<off_t>(to_offset);
  std::uint64_t done = 0;
  while (done < range.length) {
    const ssize_t n = copy_file_range(in, &from, out, &to, static_cast<std::size_t>(range.length - done), 0);
    if (n == 0) break;
    if (n > 0) {
      done += static_cast<std::uint64_t>(n);
    } else if (done > 0) {
      break;  // the caller comes again and sees the error
    } else if (errno == EXDEV || errno == EINVAL || errno == ENOSYS || errno == EOPNOTSUPP) {
      return fail(NtStatus::NOT_SUPPORTED);
    } else {
      return fail_errno(errno);
    }
  }
  return done;
}

Result<> clone_bytes(int in, ByteRange range, int out, std::uint64_t to_offset) {
  struct file_clone_range clone{in, range.offset, range.length, to_offset};
  if (range.length == 0) return {};  // FICLONERANGE would take 0 for "to the end"
  if (ioctl(out, FICLONERANGE, &clone) == 0) return {};
  if (errno == EXDEV) return fail(NtStatus::NOT_SAME_DEVICE);
  return fail_errno(errno);
}

}  // namespace dozo::vfs::posix
