// Names as the disk holds them (bytes) and as clients see them ((W)TF-8 that Windows can hold): a bijection between
// all names on disk and some names of clients.
//
// What Windows cannot have in a name becomes a private-use character, as in Services for Macintosh, macOS and the
// Linux client: U+F001..F01F for control characters, U+F020..F027 for " * : < > ? \ |, and at the end of a name
// U+F028 for a space and U+F029 for a dot. A byte that is no UTF-8 becomes U+EF80 + (byte - 0x80). A name on disk
// which holds one of these characters itself has its bytes mapped in this way, so that no two names collide.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace dozo::vfs::posix {

inline constexpr std::size_t kDiskNameMax = 255;  // bytes

std::string to_client_name(std::string_view disk);
// nullopt: no name on disk looks like this to clients, or it is too long for a disk.
std::optional<std::string> to_disk_name(std::string_view client);

}  // namespace dozo::vfs::posix
