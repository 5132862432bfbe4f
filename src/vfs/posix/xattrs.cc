#include "vfs/posix/xattrs.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/syscall.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <bit>
#include <cerrno>

namespace dozo::vfs::posix {
namespace {

constexpr std::size_t kLargest = 64 * 1024;  // XATTR_SIZE_MAX, and XATTR_LIST_MAX

// Linux 6.13: extended attributes by directory and name. Before, a path through /proc leads there. The numbers are the
// same on every architecture; the headers of the C library need not know them yet.
constexpr long kGetXattrAt = 464;
constexpr long kListXattrAt = 465;
struct XattrArgs {  // struct xattr_args of the kernel
  std::uint64_t value;
  std::uint32_t size;
  std::uint32_t flags;
};
std::atomic<bool> has_calls_at = true;

// Whether the call is to be made again without them. A sandbox of another's making answers EPERM.
bool lacks_calls_at(long result) {
  if (result >= 0 || (errno != ENOSYS && errno != EPERM)) return false;
  has_calls_at = false;
  return true;
}

std::string path_of(Place place) {
  return place.entry == nullptr ? proc_path(place.fd) : proc_path(place.fd) + '/' + place.entry;
}

ssize_t get_of_entry(Place place, const char* name, MutableBytes into) {
  if (has_calls_at) {
    XattrArgs args{std::bit_cast<std::uintptr_t>(into.data()), static_cast<std::uint32_t>(into.size()), 0};
    const long n = syscall(kGetXattrAt, place.fd, place.entry, AT_SYMLINK_NOFOLLOW, name, &args, sizeof args);
    if (!lacks_calls_at(n)) return n;
  }
  return lgetxattr(path_of(place).c_str(), name, into.data(), into.size());
}

ssize_t list_of_entry(Place place, MutableBytes into) {
  if (has_calls_at) {
    const long n = syscall(kListXattrAt, place.fd, place.entry, AT_SYMLINK_NOFOLLOW, into.data(), into.size());
    if (!lacks_calls_at(n)) return n;
  }
  return llistxattr(path_of(place).c_str(), as_chars(into.data()), into.size());
}

ssize_t get_into(Place place, const char* name, MutableBytes into) {
  if (place.entry != nullptr) return get_of_entry(place, name, into);
  if (!place.is_path) {
    const ssize_t n = fgetxattr(place.fd, name, into.data(), into.size());
    if (n >= 0 || errno != EBADF) return n;
  }
  return getxattr(path_of(place).c_str(), name, into.data(), into.size());
}

ssize_t list_into(Place place, MutableBytes into) {
  if (place.entry != nullptr) return list_of_entry(place, into);
  if (!place.is_path) {
    const ssize_t n = flistxattr(place.fd, as_chars(into.data()), into.size());
    if (n >= 0 || errno != EBADF) return n;
  }
  return listxattr(path_of(place).c_str(), as_chars(into.data()), into.size());
}

// Tries with room for what is usual, then with room for all.
template <class Get>
Errno<ByteVector> fetch(Get get) {
  std::array<std::uint8_t, 1024> usual;
  const ssize_t n = get(MutableBytes(usual));
  if (n >= 0) return ByteVector(usual.begin(), usual.begin() + n);
  if (errno != ERANGE) return std::unexpected(errno);
  ByteVector all(kLargest);
  const ssize_t m = get(MutableBytes(all));
  if (m < 0) return std::unexpected(errno);
  all.resize(static_cast<std::size_t>(m));
  return all;
}

Errno<> check(int result) {
  if (result != 0) return std::unexpected(errno);
  return {};
}

}  // namespace

std::string proc_path(int fd) { return fmt::format("/proc/self/fd/{}", fd); }

Errno<ByteVector> get_xattr(Place place, const char* name) {
  return fetch([&](MutableBytes into) { return get_into(place, name, into); });
}

Errno<Bytes> get_xattr_into(Place place, const char* name, MutableBytes into) {
  const ssize_t n = get_into(place, name, into);
  if (n < 0) return std::unexpected(errno);
  return into.first(static_cast<std::size_t>(n));
}

int XattrNames::read(Place place) {
  const ssize_t n = list_into(place, usual_);
  if (n >= 0) {
    rest_ = as_text(Bytes(usual_).first(static_cast<std::size_t>(n)));
    return 0;
  }
  if (errno != ERANGE) return errno;
  auto list = fetch([&](MutableBytes into) { return list_into(place, into); });
  if (!list) return list.error();
  long_ = std::move(*list);
  rest_ = as_text(long_);
  return 0;
}

std::string_view XattrNames::next() {
  const std::size_t end = std::min(rest_.find('\0'), rest_.size());
  const std::string_view name = rest_.substr(0, end);
  rest_.remove_prefix(std::min(end + 1, rest_.size()));
  return name;
}

Errno<std::vector<std::string>> list_xattrs(Place place) {
  XattrNames list;
  if (const int error = list.read(place); error != 0) return std::unexpected(error);
  std::vector<std::string> names;
  for (std::string_view name = list.next(); !name.empty(); name = list.next()) names.emplace_back(name);
  return names;
}

Errno<> set_xattr(int fd, const char* name, Bytes value) {
  if (fsetxattr(fd, name, value.data(), value.size(), 0) == 0) return {};
  if (errno != EBADF) return std::unexpected(errno);
  return check(setxattr(proc_path(fd).c_str(), name, value.data(), value.size(), 0));
}

Errno<> remove_xattr(int fd, const char* name) {
  if (fremovexattr(fd, name) == 0) return {};
  if (errno != EBADF) return std::unexpected(errno);
  return check(removexattr(proc_path(fd).c_str(), name));
}

}  // namespace dozo::vfs::posix
