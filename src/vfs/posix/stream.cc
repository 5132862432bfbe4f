#include "vfs/posix/stream.h"

#include <unistd.h>

#include <cerrno>
#include <mutex>

#include "base/unicode.h"
#include "vfs/changes.h"
#include "vfs/posix/metadata.h"
#include "vfs/posix/own_changes.h"

namespace dozo::vfs::posix {
namespace {

constexpr std::string_view kPrefix = "user.DosStream.";
constexpr std::string_view kType = ":$DATA";
constexpr std::uint64_t kStreamMax = 64 * 1024 - 1;  // XATTR_SIZE_MAX without the byte after the data
constexpr std::size_t kXattrNameMax = 255;

// A write is a read, a change and a write of the whole: one at a time.
std::mutex& stream_mutex() {
  static std::mutex mutex;
  return mutex;
}

// The stream's name; nullopt: the attribute holds no stream.
std::optional<std::string_view> stream_of(std::string_view xattr) {
  if (!xattr.starts_with(kPrefix)) return std::nullopt;
  xattr.remove_prefix(kPrefix.size());
  if (xattr.ends_with(kType)) xattr.remove_suffix(kType.size());
  return xattr.empty() ? std::nullopt : std::optional(xattr);
}

// The attribute that holds the stream, whatever its case; empty: none.
std::string find_xattr(int fd, std::string_view stream) {
  const std::u16string key = fold_name(stream);
  for (const std::string& xattr : list_xattrs({fd}).value_or(std::vector<std::string>{})) {
    const auto name = stream_of(xattr);
    if (name && fold_name(*name) == key) return xattr;
  }
  return {};
}

Result<> save(int fd, const std::string& xattr, Bytes data) {
  ByteVector stored(data.begin(), data.end());
  stored.push_back(0);
  const auto set = set_xattr(fd, xattr.c_str(), stored);
  if (!set) return fail_errno(set.error() == E2BIG || set.error() == ERANGE ? ENOSPC : set.error());
  return {};
}

std::uint64_t data_size(Bytes stored) { return stored.empty() ? 0 : stored.size() - 1; }

}  // namespace

std::vector<StreamInfo> list_streams(const Share& share, int fd) {
  std::vector<StreamInfo> out;
  if (!share.has_xattrs) return out;
  for (const std::string& xattr : list_xattrs({fd}).value_or(std::vector<std::string>{})) {
    const auto name = stream_of(xattr);
    if (!name) continue;
    const auto value = get_xattr({fd}, xattr.c_str());
    if (value) out.push_back({std::string(*name), data_size(*value), data_size(*value)});
  }
  return out;
}

Result<OpenedStream> open_stream_xattr(const Share& share, int fd, std::string_view stream, StreamMode mode) {
  if (!share.has_xattrs) return fail(NtStatus::NOT_SUPPORTED);
  if (stream.empty() || stream.find('\0') != std::string_view::npos) return fail(NtStatus::OBJECT_NAME_INVALID);
  const std::lock_guard lock(stream_mutex());
  const std::string existing = find_xattr(fd, stream);
  const bool empties = mode == StreamMode::truncate_existing || mode == StreamMode::create_or_truncate;
  if (!existing.empty()) {
    if (mode == StreamMode::create_new) return fail(NtStatus::OBJECT_NAME_COLLISION);
    if (empties) DOZO_CHECK(share.check_writable());
    if (empties) DOZO_CHECK(save(fd, existing, {}));
    return OpenedStream{.xattr = existing, .emptied = empties};
  }
  if (mode == StreamMode::open_existing || mode == StreamMode::truncate_existing) {
    return fail(NtStatus::OBJECT_NAME_NOT_FOUND);
  }
  DOZO_CHECK(share.check_writable());
  std::string made = std::string(kPrefix) + std::string(stream) + std::string(kType);
  if (made.size() > kXattrNameMax) return fail(NtStatus::OBJECT_NAME_INVALID);
  DOZO_CHECK(save(fd, made, {}));
  return OpenedStream{.xattr = std::move(made), .made = true};
}

Result<> rename_stream_xattr(const Share& share, int fd, std::string_view from, std::string_view to, bool replace) {
  DOZO_CHECK(share.check_writable());
  if (to.empty() || to.find('\0') != std::string_view::npos) return fail(NtStatus::OBJECT_NAME_INVALID);
  const std::string made = std::string(kPrefix) + std::string(to) + std::string(kType);
  if (made.size() > kXattrNameMax) return fail(NtStatus::OBJECT_NAME_INVALID);
  const std::lock_guard lock(stream_mutex());
  const std::string source = find_xattr(fd, from);
  const std::string target = find_xattr(fd, to);
  if (source.empty()) return fail(NtStatus::OBJECT_NAME_NOT_FOUND);
  const auto value = get_xattr({fd}, source.c_str());
  if (!value) return fail_errno(value.error());
  if (!target.empty() && target != source) {
    if (!replace) return fail(NtStatus::OBJECT_NAME_COLLISION);
    const auto there = get_xattr({fd}, target.c_str());
    if (there && data_size(*there) != 0) return fail(NtStatus::INVALID_PARAMETER);
    if (const auto removed = remove_xattr(fd, target.c_str()); !removed) return fail_errno(removed.error());
  }
  if (const auto set = set_xattr(fd, made.c_str(), *value); !set) return fail_errno(set.error());
  if (made == source) return {};
  if (const auto removed = remove_xattr(fd, source.c_str()); !removed) return fail_errno(removed.error());
  return {};
}

Result<> make_stream_main(const Share& share, int fd, std::string_view stream) {
  DOZO_CHECK(share.check_writable());
  const std::lock_guard lock(stream_mutex());
  const std::string source = find_xattr(fd, stream);
  if (source.empty()) return fail(NtStatus::OBJECT_NAME_NOT_FOUND);
  const auto value = get_xattr({fd}, source.c_str());
  if (!value) return fail_errno(value.error());
  const Bytes data = Bytes(*value).first(static_cast<std::size_t>(data_size(*value)));
  if (ftruncate(fd, 0) != 0) return fail_errno(errno);
  const ssize_t written = data.empty() ? 0 : pwrite(fd, data.data(), data.size(), 0);
  if (written < 0) return fail_errno(errno);
  if (static_cast<std::size_t>(written) != data.size()) return fail(NtStatus::DISK_FULL);
  if (const auto removed = remove_xattr(fd, source.c_str()); !removed) return fail_errno(removed.error());
  return {};
}

Result<> remove_stream_xattr(const Share& share, int fd, std::string_view stream) {
  if (!share.has_xattrs) return fail(NtStatus::OBJECT_NAME_NOT_FOUND);
  const std::lock_guard lock(stream_mutex());
  const std::string existing = find_xattr(fd, stream);
  if (existing.empty()) return fail(NtStatus::OBJECT_NAME_NOT_FOUND);
  const auto removed = remove_xattr(fd, existing.c_str());
  if (!removed) return fail_errno(removed.error() == ENODATA ? ENOENT : removed.error());
  return {};
}

Result<ByteVector> PosixStream::load() const {
  auto stored = get_xattr({fd_.get()}, xattr_.c_str());
  if (!stored && stored.error() == ENODATA) return fail(NtStatus::FILE_DELETED);
  if (!stored) return fail_errno(stored.error());
  stored->resize(static_cast<std::size_t>(data_size(*stored)));
  return std::move(*stored);
}

Result<> PosixStream::store(Bytes data) const {
  DOZO_CHECK(save(fd_.get(), xattr_, data));
  own_changes().tell_of(fd_.get(), ChangeAction::modified_stream, ChangeKind::stream_size | ChangeKind::stream_write,
                        stream_of(xattr_).value_or(""));
  return {};
}

Result<> PosixStream::told(Result<> done, ChangeKinds kinds) const {
  if (done && !kinds.empty()) own_changes().tell_of(fd_.get(), ChangeAction::modified, kinds);
  return done;
}

Result<> PosixStream::check_change() const {
  if (!use_.write_data && !use_.append_only) return fail(NtStatus::ACCESS_DENIED);
  return {};
}

Task<Result<NodeInfo>> PosixStream::info() {
  DOZO_CO_TRY(NodeInfo info, node_info(*share_, fd_.get(), {}));
  DOZO_CO_TRY(const ByteVector data, load());
  info.type = NodeType::file;
  info.size = info.allocation_size = data.size();
  info.attributes = or_normal(info.attributes.without(FileAttribute::directory));
  co_return info;
}

Task<Result<std::size_t>> PosixStream::read_at(std::uint64_t offset, MutableBytes into) {
  if (!use_.read_data) co_return fail(NtStatus::ACCESS_DENIED);
  DOZO_CO_TRY(const ByteVector data, load());
  if (offset >= data.size()) co_return std::size_t{0};
  const Bytes rest = Bytes(data).subspan(static_cast<std::size_t>(offset));
  const std::size_t n = std::min(rest.size(), into.size());
  std::copy_n(rest.begin(), n, into.begin());
  co_return n;
}

Task<Result<>> PosixStream::write_at(std::uint64_t offset, Bytes from) {
  DOZO_CO_CHECK(check_change());
  if (from.empty()) co_return Result<>{};
  if (!in_range(offset, from.size(), kStreamMax)) co_return fail(NtStatus::DISK_FULL);
  const std::lock_guard lock(stream_mutex());
  DOZO_CO_TRY(ByteVector data, load());
  const auto at = static_cast<std::size_t>(offset);
  if (data.size() < at + from.size()) data.resize(at + from.size());
  std::copy(from.begin(), from.end(), data.begin() + static_cast<std::ptrdiff_t>(at));
  co_return store(data);
}

Task<Result<>> PosixStream::flush() { co_return Result<>{}; }

Task<Result<>> PosixStream::set_size(std::uint64_t size) {
  DOZO_CO_CHECK(check_change());
  if (size > kStreamMax) co_return fail(NtStatus::DISK_FULL);
  const std::lock_guard lock(stream_mutex());
  DOZO_CO_TRY(ByteVector data, load());
  data.resize(static_cast<std::size_t>(size));
  co_return store(data);
}

Task<Result<>> PosixStream::set_allocation(std::uint64_t size) {
  DOZO_CO_CHECK(check_change());
  DOZO_CO_TRY(const ByteVector data, load());
  if (size < data.size()) co_return co_await set_size(size);
  co_return Result<>{};
}

Task<Result<>> PosixStream::zero_range(ByteRange range) {
  DOZO_CO_CHECK(check_change());
  const std::lock_guard lock(stream_mutex());
  DOZO_CO_TRY(ByteVector data, load());
  const std::uint64_t start = std::min<std::uint64_t>(range.offset, data.size());
  const std::uint64_t length = std::min<std::uint64_t>(range.length, data.size() - start);
  std::fill_n(data.begin() + static_cast<std::ptrdiff_t>(start), static_cast<std::ptrdiff_t>(length), std::uint8_t{0});
  co_return store(data);
}

Task<Result<std::vector<ByteRange>>> PosixStream::allocated_ranges(ByteRange within) {
  DOZO_CO_TRY(const ByteVector data, load());
  const std::uint64_t start = std::min<std::uint64_t>(within.offset, data.size());
  const std::uint64_t length = std::min<std::uint64_t>(within.length, data.size() - start);
  std::vector<ByteRange> ranges;
  if (length > 0) ranges.push_back({start, length});
  co_return ranges;
}

Task<Result<>> PosixStream::set_times(const TimesUpdate& times) {
  DOZO_CO_CHECK(share_->check_writable());
  co_return told(change_times(*share_, fd_.get(), times), kinds_of(times));
}

Task<Result<>> PosixStream::set_attributes(FileAttributes attributes) {
  DOZO_CO_CHECK(share_->check_writable());
  co_return told(change_attributes(*share_, fd_.get(), attributes), ChangeKind::attributes);
}

Task<Result<>> PosixStream::set_sparse(bool) { co_return fail(NtStatus::NOT_SUPPORTED); }

Task<Result<>> PosixStream::set_ownership(CallerRef caller, const OwnershipUpdate& update) {
  DOZO_CO_CHECK(share_->check_writable());
  co_return told(change_ownership(*share_, caller.get(), fd_.get(), update), ChangeKind::security);
}

Task<Result<std::vector<ExtendedAttribute>>> PosixStream::extended_attributes() {
  co_return read_eas(*share_, fd_.get());
}

Task<Result<>> PosixStream::set_extended_attribute(std::string_view name, Bytes value) {
  DOZO_CO_CHECK(share_->check_writable());
  co_return told(change_ea(*share_, fd_.get(), name, value), ChangeKind::ea | ChangeKind::attributes);
}

Task<Result<std::vector<StreamInfo>>> PosixStream::streams() { co_return list_streams(*share_, fd_.get()); }

}  // namespace dozo::vfs::posix
