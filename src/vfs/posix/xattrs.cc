#include "vfs/posix/xattrs.h"

#include <fmt/format.h>
#include <sys/xattr.h>

#include <array>
#include <cerrno>

namespace dozo::vfs::posix {
namespace {

constexpr std::size_t kLargest = 64 * 1024;  // XATTR_SIZE_MAX, and XATTR_LIST_MAX

std::string path_of(Place place) {
  return place.entry == nullptr ? proc_path(place.fd) : proc_path(place.fd) + '/' + place.entry;
}

ssize_t get_into(Place place, const char* name, MutableBytes into) {
  if (place.entry != nullptr) return lgetxattr(path_of(place).c_str(), name, into.data(), into.size());
  const ssize_t n = fgetxattr(place.fd, name, into.data(), into.size());
  if (n >= 0 || errno != EBADF) return n;
  return getxattr(path_of(place).c_str(), name, into.data(), into.size());
}

ssize_t list_into(Place place, MutableBytes into) {
  if (place.entry != nullptr) return llistxattr(path_of(place).c_str(), as_chars(into.data()), into.size());
  const ssize_t n = flistxattr(place.fd, as_chars(into.data()), into.size());
  if (n >= 0 || errno != EBADF) return n;
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

Errno<std::vector<std::string>> list_xattrs(Place place) {
  const auto list = fetch([&](MutableBytes into) { return list_into(place, into); });
  if (!list) return std::unexpected(list.error());
  std::vector<std::string> names;
  std::string_view rest = as_text(*list);
  while (!rest.empty()) {
    const std::size_t end = std::min(rest.find('\0'), rest.size());
    names.emplace_back(rest.substr(0, end));
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
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
