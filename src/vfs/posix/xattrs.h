// Extended attributes of an object that is known by a descriptor, O_PATH included.
#pragma once

#include <array>
#include <expected>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"

namespace dozo::vfs::posix {

// Errors are errno values.
template <class T = void>
using Errno = std::expected<T, int>;

// Where an object is: a descriptor, or an entry of a directory (its last component is not followed).
struct Place {
  int fd;
  const char* entry = nullptr;
  bool is_path = false;  // a hint: the descriptor is O_PATH, so that what is asked of it leads through /proc

  static Place by_path(int fd) { return {.fd = fd, .entry = nullptr, .is_path = true}; }
};

Errno<ByteVector> get_xattr(Place place, const char* name);
// Into a buffer of the caller's; ERANGE: it is too small.
Errno<Bytes> get_xattr_into(Place place, const char* name, MutableBytes into);
Errno<> set_xattr(int fd, const char* name, Bytes value);
Errno<> remove_xattr(int fd, const char* name);
Errno<std::vector<std::string>> list_xattrs(Place place);

// The names of an object's extended attributes, read without an allocation where they are few.
class XattrNames {
 public:
  // 0, or an errno value.
  int read(Place place);

  // Takes the next name off; empty: no more.
  std::string_view next();

 private:
  std::array<std::uint8_t, 512> usual_;
  ByteVector long_;
  std::string_view rest_;
};

// "/proc/self/fd/N": reaches the object behind an O_PATH descriptor for calls that take none.
std::string proc_path(int fd);

}  // namespace dozo::vfs::posix
