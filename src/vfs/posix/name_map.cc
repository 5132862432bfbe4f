#include "vfs/posix/name_map.h"

#include <array>
#include <cstdint>

namespace dozo::vfs::posix {
namespace {

constexpr std::string_view kReserved = "\"*:<>?\\|";  // U+F020 and so on
constexpr char32_t kReservedBase = 0xF020;
constexpr char32_t kControlBase = 0xF000;
constexpr char32_t kFinalSpace = 0xF028;
constexpr char32_t kFinalDot = 0xF029;
constexpr char32_t kByteBase = 0xEF00;  // plus 0x80..0xFF

std::uint8_t byte_at(std::string_view text, std::size_t i) { return static_cast<std::uint8_t>(text[i]); }

// One character of WTF-8; length 0: the first byte is not the start of one.
struct Character {
  char32_t code = 0;
  std::size_t length = 0;
};

Character decode(std::string_view text) {
  const std::uint8_t lead = byte_at(text, 0);
  if (lead < 0x80) return {lead, 1};
  const std::size_t length = lead >= 0xC2 && lead < 0xE0   ? 2
                             : lead >= 0xE0 && lead < 0xF0 ? 3
                             : lead >= 0xF0 && lead < 0xF5 ? 4
                                                           : 0;
  if (length == 0 || length > text.size()) return {};
  char32_t code = lead & (0x7Fu >> length);
  for (std::size_t i = 1; i < length; ++i) {
    if ((byte_at(text, i) & 0xC0) != 0x80) return {};
    code = (code << 6) | (byte_at(text, i) & 0x3Fu);
  }
  constexpr std::array<char32_t, 5> kSmallest = {0, 0, 0x80, 0x800, 0x10000};
  if (code < kSmallest[length] || code > 0x10FFFF) return {};
  return {code, length};
}

bool is_high_surrogate(char32_t c) { return c >= 0xD800 && c < 0xDC00; }
bool is_low_surrogate(char32_t c) { return c >= 0xDC00 && c < 0xE000; }

// Appends a character of the private-use area (three bytes).
void append_private(std::string& out, char32_t c) {
  out.push_back(static_cast<char>(0xE0 | (c >> 12)));
  out.push_back(static_cast<char>(0x80 | ((c >> 6) & 0x3F)));
  out.push_back(static_cast<char>(0x80 | (c & 0x3F)));
}

void append_bytes_as_characters(std::string& out, std::string_view bytes) {
  for (const char b : bytes) append_private(out, kByteBase + static_cast<std::uint8_t>(b));
}

// Whether the character stands for something else in names of clients.
bool is_ours(char32_t c, bool last) {
  if (c == kFinalSpace || c == kFinalDot) return last;
  return (c > kControlBase && c < kReservedBase + kReserved.size()) || (c >= kByteBase + 0x80 && c <= kByteBase + 0xFF);
}

// What stands for an ASCII character, or 0.
char32_t substitute(char c, bool last) {
  if (static_cast<std::uint8_t>(c) < 0x20) return kControlBase + static_cast<std::uint8_t>(c);
  if (const std::size_t i = kReserved.find(c); i != std::string_view::npos) {
    return kReservedBase + static_cast<char32_t>(i);
  }
  if (last && c == ' ') return kFinalSpace;
  if (last && c == '.') return kFinalDot;
  return 0;
}

// The byte on disk that the character of a client stands for, or nothing.
std::optional<char> original(char32_t c, bool last) {
  if (!is_ours(c, last)) return std::nullopt;
  if (c == kFinalSpace) return ' ';
  if (c == kFinalDot) return '.';
  if (c >= kReservedBase) return kReserved[c - kReservedBase];
  if (c > kControlBase) return static_cast<char>(c - kControlBase);
  return static_cast<char>(c - kByteBase);
}

bool is_plain(std::string_view name) {
  for (const char c : name) {
    if (static_cast<std::uint8_t>(c) >= 0x80 || substitute(c, false) != 0) return false;
  }
  return name.empty() || (name.back() != ' ' && name.back() != '.');
}

// Whether a surrogate at `at` would pair up with its neighbour on the wire, so that it must be taken byte by byte.
bool pairs_up(std::string_view name, std::size_t at, char32_t code) {
  if (is_high_surrogate(code)) return at + 3 < name.size() && is_low_surrogate(decode(name.substr(at + 3)).code);
  return at >= 3 && is_high_surrogate(decode(name.substr(at - 3)).code);
}

}  // namespace

std::string to_client_name(std::string_view disk) {
  if (is_plain(disk)) return std::string(disk);
  std::string out;
  for (std::size_t i = 0; i < disk.size();) {
    const Character c = decode(disk.substr(i));
    const std::size_t length = std::max<std::size_t>(c.length, 1);
    const std::string_view bytes = disk.substr(i, length);
    const bool last = i + length == disk.size();
    const bool surrogate = is_high_surrogate(c.code) || is_low_surrogate(c.code);
    if (c.length == 0 || (c.length > 1 && is_ours(c.code, last)) || (surrogate && pairs_up(disk, i, c.code))) {
      append_bytes_as_characters(out, bytes);
    } else if (const char32_t s = length == 1 ? substitute(disk[i], last) : 0; s != 0) {
      append_private(out, s);
    } else {
      out += bytes;
    }
    i += length;
  }
  return out;
}

std::optional<std::string> to_disk_name(std::string_view client) {
  if (is_plain(client)) return client.size() > kDiskNameMax ? std::nullopt : std::optional(std::string(client));
  // [MS-FSCC] 2.1.5.2 allows a dot or a space at the end; Windows programs that make one mean the name that is shown
  // with the character in its place.
  const bool ends_plainly = client.ends_with('.') || client.ends_with(' ');
  if (ends_plainly && client != "." && client != "..") {
    std::string shown(client.substr(0, client.size() - 1));
    append_private(shown, client.back() == '.' ? kFinalDot : kFinalSpace);
    return to_disk_name(shown);
  }
  std::string out;
  for (std::size_t i = 0; i < client.size();) {
    const Character c = decode(client.substr(i));
    if (c.length == 0) return std::nullopt;
    if (const auto byte = original(c.code, i + c.length == client.size())) {
      out.push_back(*byte);
    } else {
      out += client.substr(i, c.length);
    }
    i += c.length;
  }
  if (out.size() > kDiskNameMax || out == "." || out == ".." ||
      out.find_first_of(std::string_view("/\0", 2)) != out.npos) {
    return std::nullopt;
  }
  // Another spelling of a name that has its own, or what Windows does not allow.
  if (to_client_name(out) != client) return std::nullopt;
  return out;
}

}  // namespace dozo::vfs::posix
