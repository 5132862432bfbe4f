#include "vfs/short_name.h"

#include <algorithm>
#include <cstdint>

namespace dozo::vfs {
namespace {

constexpr std::size_t kBaseMax = 8;
constexpr std::size_t kExtensionMax = 3;
constexpr std::size_t kPrefix = 2;
constexpr std::size_t kTilde = 6;  // where a made name has its '~'
constexpr std::string_view kDigits = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";
constexpr std::string_view kOthers = "!#$%&'()-@^_`{}~";

char upper(char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; }

bool is_allowed(char c) {
  return kDigits.find(upper(c)) != std::string_view::npos || kOthers.find(c) != std::string_view::npos;
}

struct Parts {
  std::string_view base;
  std::string_view extension;
  bool has_dot = false;
};
Parts split(std::string_view name) {
  const std::size_t dot = name.rfind('.');
  if (dot == std::string_view::npos) return {name, {}, false};
  return {name.substr(0, dot), name.substr(dot + 1), true};
}

std::string allowed_of(std::string_view text, std::size_t max) {
  std::string out;
  for (const char c : text) {
    if (out.size() == max) break;
    if (is_allowed(c) && c != '~') out += upper(c);
  }
  return out;
}

// FNV-1a, of the name without regard to the case of ASCII letters: a change of case keeps the short name.
std::uint64_t hash_of(std::string_view name) {
  std::uint64_t hash = 0xCBF29CE484222325;
  for (const char c : name) hash = (hash ^ static_cast<std::uint8_t>(upper(c))) * 0x100000001B3;
  return hash ^ (hash >> 32);
}

}  // namespace

bool is_short_name(std::string_view client_name) {
  const Parts parts = split(client_name);
  if (parts.base.empty() || parts.base.size() > kBaseMax || parts.extension.size() > kExtensionMax) return false;
  if (parts.has_dot && parts.extension.empty()) return false;
  return std::ranges::all_of(parts.base, is_allowed) && std::ranges::all_of(parts.extension, is_allowed);
}

std::string short_name_of(std::string_view client_name) {
  std::string out;
  if (is_short_name(client_name)) {
    std::ranges::transform(client_name, std::back_inserter(out), upper);
    return out;
  }
  // A leading dot begins no extension.
  const Parts parts = client_name.rfind('.') == 0 ? Parts{client_name, {}, false} : split(client_name);
  out = allowed_of(parts.base, kPrefix);
  out.resize(kPrefix, '_');
  std::uint64_t hash = hash_of(client_name);
  while (out.size() < kBaseMax) {
    if (out.size() == kTilde) out += '~';
    out += kDigits[hash % kDigits.size()];
    hash /= kDigits.size();
  }
  const std::string extension = allowed_of(parts.extension, kExtensionMax);
  return extension.empty() ? out : out + '.' + extension;
}

bool is_made_short_name(std::string_view client_name) {
  return is_short_name(client_name) && split(client_name).base.size() == kBaseMax && client_name[kTilde] == '~';
}

}  // namespace dozo::vfs
