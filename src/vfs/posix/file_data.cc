// Reading and writing. What is in the page cache is done inline; what is not goes to the loop, which has a ring or
// threads for it.
#include <sys/uio.h>

#include <cerrno>

#include "base/time.h"
#include "vfs/posix/file.h"
#include "vfs/posix/metadata.h"
#include "vfs/posix/ranges.h"

namespace dozo::vfs::posix {
namespace {

constexpr std::uint64_t kOffsetMax = static_cast<std::uint64_t>(INT64_MAX);
// A buffered write that the file system cannot do with RWF_NOWAIT (ext4) is done inline while that is quick, for it
// mostly copies into the page cache: inline_guard.h. With reads it is so where the file system keeps its files in
// memory (tmpfs knows no RWF_NOWAIT): they may be in the swap.

Result<> check_offset(std::uint64_t offset, std::uint64_t length) {
  if (!in_range(offset, length, kOffsetMax)) return fail(NtStatus::INVALID_PARAMETER);
  return {};
}

// transfer(), a call that yields bytes or -1, if the guard allows it. 0: none transferred, or an error, which shows
// when the rest is.
template <class Transfer>
std::size_t while_quick(InlineGuard& guard, Transfer transfer) {
  if (!guard.allows()) return 0;
  const SystemClock clock;
  const bool close_look = guard.suspects();
  const long blocked_before = close_look ? times_blocked() : 0;
  const Instant start = clock.now();
  const ssize_t n = transfer();
  const Duration took = clock.now() - start;
  const bool blocked = close_look && took > InlineGuard::kSlow && times_blocked() != blocked_before;
  guard.note(took, blocked);
  return n > 0 ? static_cast<std::size_t>(n) : 0;
}

// Bytes read inline; 0 when that needs the disk (or at the end of the file: the caller asks again).
std::size_t read_inline(const Share& share, int fd, std::uint64_t offset, MutableBytes into, bool in_memory) {
  if (share.can_read_nowait) {
    const iovec part{into.data(), into.size()};
    const ssize_t n = preadv2(fd, &part, 1, static_cast<off_t>(offset), RWF_NOWAIT);
    if (n >= 0) return static_cast<std::size_t>(n);
    if (errno != EOPNOTSUPP && errno != ENOSYS) return 0;
    share.can_read_nowait = false;
  }
  if (!in_memory) return 0;
  return while_quick(share.inline_reads,
                     [&] { return pread(fd, into.data(), into.size(), static_cast<off_t>(offset)); });
}

// Bytes written inline. Errors show when the rest is written.
std::size_t write_inline(const Share& share, int fd, std::uint64_t offset, Bytes from) {
  if (share.can_write_nowait) {
    const iovec part{const_cast<std::uint8_t*>(from.data()), from.size()};
    const ssize_t n = pwritev2(fd, &part, 1, static_cast<off_t>(offset), RWF_NOWAIT);
    if (n >= 0) return static_cast<std::size_t>(n);
    if (errno != EOPNOTSUPP && errno != ENOSYS) return 0;
    share.can_write_nowait = false;
  }
  return while_quick(share.inline_writes,
                     [&] { return pwrite(fd, from.data(), from.size(), static_cast<off_t>(offset)); });
}

}  // namespace

Result<> PosixFile::check_data(bool granted) const {
  if (type_ == NodeType::directory) return fail(NtStatus::FILE_IS_A_DIRECTORY);
  if (!granted) return fail(NtStatus::ACCESS_DENIED);
  return {};
}

Result<> PosixFile::check_change() const {
  if (type_ == NodeType::directory) return fail(NtStatus::INVALID_PARAMETER);
  if (!use_.write_data && !use_.append_only) return fail(NtStatus::ACCESS_DENIED);
  return {};
}

Task<Result<std::size_t>> PosixFile::read_at(std::uint64_t offset, MutableBytes into) {
  DOZO_CO_CHECK(check_data(use_.read_data));
  DOZO_CO_CHECK(check_offset(offset, into.size()));
  // What is mounted beneath the root may be another file system.
  const bool in_memory = share_->in_memory && id_.device == share_->root->id().device;
  std::size_t done = read_inline(*share_, fd(), offset, into, in_memory);
  while (done < into.size()) {
    const int n = co_await runtime::read_at(runtime::Loop::current(), fd(), into.subspan(done), offset + done);
    if (n == -EINTR) continue;
    if (n < 0) co_return fail_errno(-n);
    if (n == 0) break;
    done += static_cast<std::size_t>(n);
  }
  co_return done;
}

Task<Result<>> PosixFile::write_at(std::uint64_t offset, Bytes from) {
  DOZO_CO_CHECK(check_data(use_.write_data || use_.append_only));
  DOZO_CO_CHECK(check_offset(offset, from.size()));
  if (from.empty()) co_return Result<>{};
  const ChangeKinds kinds = kinds_of_write_at(offset, from.size());
  // O_DSYNC waits for the disk at each write.
  std::size_t done = use_.write_through ? 0 : write_inline(*share_, fd(), offset, from);
  while (done < from.size()) {
    const int n = co_await runtime::write_at(runtime::Loop::current(), fd(), from.subspan(done), offset + done);
    if (n == -EINTR) continue;
    if (n < 0) co_return fail_errno(-n);
    if (n == 0) co_return fail(NtStatus::DISK_FULL);
    done += static_cast<std::size_t>(n);
  }
  co_return told({}, kinds);
}

Task<Result<>> PosixFile::flush() {
  const bool open_for_data = use_.read_data || use_.write_data || use_.append_only;
  if (!open_for_data) co_return Result<>{};
  const int error = co_await runtime::fsync(runtime::Loop::current(), fd(), false);
  if (error < 0) co_return fail_errno(-error);
  co_return Result<>{};
}

Task<Result<>> PosixFile::set_size(std::uint64_t size) {
  DOZO_CO_CHECK(check_change());
  DOZO_CO_CHECK(check_offset(size, 0));
  const int file = fd();
  const Result<> done =
      co_await runtime::offload(runtime::Loop::current(), [file, size] { return truncate_to(file, size); });
  co_return told(done, ChangeKind::size | ChangeKind::last_write);
}

Task<Result<>> PosixFile::set_allocation(std::uint64_t size) {
  DOZO_CO_CHECK(check_change());
  DOZO_CO_CHECK(check_offset(size, 0));
  const int file = fd();
  const Result<> done =
      co_await runtime::offload(runtime::Loop::current(), [file, size] { return allocate_to(file, size); });
  co_return told(done, ChangeKind::size);
}

Task<Result<>> PosixFile::zero_range(ByteRange range) {
  DOZO_CO_CHECK(check_change());
  DOZO_CO_CHECK(check_offset(range.offset, range.length));
  const int file = fd();
  const ShareRef share = share_;
  const Result<> done = co_await runtime::offload(
      runtime::Loop::current(), [file, range, share] { return zero_bytes(file, range, is_sparse(*share, file)); });
  co_return told(done, ChangeKind::last_write);
}

Task<Result<std::vector<ByteRange>>> PosixFile::allocated_ranges(ByteRange within) {
  DOZO_CO_CHECK(check_data(true));
  const int file = fd();
  const ShareRef share = share_;
  co_return co_await runtime::offload(runtime::Loop::current(), [file, within, share] {
    return find_allocated(file, within, is_sparse(*share, file));
  });
}

Task<Result<std::uint64_t>> PosixFile::copy_from(File& source, ByteRange range, std::uint64_t to_offset) {
  auto* from = dynamic_cast<PosixFile*>(&source);
  if (from == nullptr) co_return co_await File::copy_from(source, range, to_offset);
  DOZO_CO_CHECK(check_data(use_.write_data || use_.append_only));
  DOZO_CO_CHECK(from->check_data(from->use_.read_data));
  DOZO_CO_CHECK(check_offset(range.offset, range.length));
  DOZO_CO_CHECK(check_offset(to_offset, range.length));
  const int in = from->fd();
  const int out = fd();
  const ChangeKinds kinds = kinds_of_write_at(to_offset, range.length);
  // Bounded pieces: a long copy leaves the threads to others in between.
  constexpr std::uint64_t kPiece = 8 * 1024 * 1024;
  std::uint64_t done = 0;
  while (done < range.length) {
    const ByteRange piece{range.offset + done, std::min(kPiece, range.length - done)};
    const std::uint64_t to = to_offset + done;
    const auto n = co_await runtime::offload(runtime::Loop::current(),
                                             [in, out, piece, to] { return copy_bytes(in, piece, out, to); });
    if (!n && n.error() == NtStatus::NOT_SUPPORTED) {
      const ByteRange rest{range.offset + done, range.length - done};
      DOZO_CO_TRY(const std::uint64_t copied, co_await File::copy_from(source, rest, to));
      co_return done + copied;
    }
    if (!n) co_return fail(n.error());
    if (*n == 0) break;
    done += *n;
  }
  if (done != 0) static_cast<void>(told({}, kinds));
  co_return done;
}

Task<Result<>> PosixFile::clone_from(File& source, ByteRange range, std::uint64_t to_offset) {
  auto* from = dynamic_cast<PosixFile*>(&source);
  if (from == nullptr) co_return fail(NtStatus::NOT_SUPPORTED);
  DOZO_CO_CHECK(check_data(use_.write_data || use_.append_only));
  DOZO_CO_CHECK(from->check_data(from->use_.read_data));
  const int in = from->fd();
  const int out = fd();
  const ChangeKinds kinds = kinds_of_write_at(to_offset, range.length);
  const Result<> done = co_await runtime::offload(
      runtime::Loop::current(), [in, out, range, to_offset] { return clone_bytes(in, range, out, to_offset); });
  co_return told(done, kinds);
}

}  // namespace dozo::vfs::posix
