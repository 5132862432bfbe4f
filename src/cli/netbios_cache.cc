#include "cli/netbios_cache.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstdio>
#include <fstream>

#include "cli/environment.h"
#include "cli/netbios_options.h"

namespace dozo::cli {
namespace {

constexpr std::size_t kNamesMax = 256;
constexpr std::size_t kBroadcastNamesMax = 32;

std::string cache_folder() {
  std::string base = environment("XDG_CACHE_HOME");
  if (base.empty()) base = environment("HOME").empty() ? "" : environment("HOME") + "/.cache";
  return base;
}
std::string cache_file() { return cache_folder() + "/dozo/netbios"; }

template <class T>
T number(std::string_view text, int base = 10) {
  T value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, base);
  return error == std::errc() && end == text.data() + text.size() ? value : T{0};
}

std::vector<std::string_view> fields_of(std::string_view line) {
  std::vector<std::string_view> fields;
  while (true) {
    const std::size_t tab = line.find('\t');
    fields.push_back(line.substr(0, tab));
    if (tab == line.npos) return fields;
    line.remove_prefix(tab + 1);
  }
}

// "broadcast N", "server N", "resolved NAME", "name NAME SUFFIX group|unique ADDRESS EXPIRES", with tabs.
void take_line(std::string_view line, NetbiosCache& cache) {
  const auto fields = fields_of(line);
  const std::string_view kind = fields.front();
  if (kind == "broadcast" && fields.size() == 2) cache.by_broadcast = number<std::uint64_t>(fields[1]);
  if (kind == "server" && fields.size() == 2) cache.by_name_server = number<std::uint64_t>(fields[1]);
  if (kind == "resolved" && fields.size() == 2 && cache.broadcast_names.size() < kBroadcastNamesMax) {
    cache.broadcast_names.emplace_back(fields[1]);
  }
  if (kind != "name" || fields.size() != 6 || cache.names.size() == kNamesMax) return;
  const auto name = netbios::name_from_text(fields[1], number<std::uint8_t>(fields[2], 16));
  const auto address = netbios::endpoint_of(fields[4], 0);
  if (!name || !address) return;
  cache.names.push_back({*name, fields[3] == "group", address->host_text(), number<std::int64_t>(fields[5])});
}

}  // namespace

void NetbiosCache::add(const CachedName& added, bool from_name_server) {
  ++(from_name_server ? by_name_server : by_broadcast);
  std::erase_if(names, [&](const CachedName& known) { return known.name == added.name; });
  if (names.size() >= kNamesMax) names.erase(names.begin());
  names.push_back(added);
  if (from_name_server) return;
  std::erase(broadcast_names, added.name.text);
  if (broadcast_names.size() >= kBroadcastNamesMax) broadcast_names.erase(broadcast_names.begin());
  broadcast_names.push_back(added.name.text);
}

void NetbiosCache::forget_old(std::int64_t now_s) {
  std::erase_if(names, [now_s](const CachedName& known) {
    return known.expires_s <= now_s || known.expires_s > now_s + kCacheSeconds;  // the clock may have been set back
  });
}

NetbiosCache parse_netbios_cache(std::string_view text) {
  NetbiosCache cache;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    take_line(text.substr(0, end), cache);
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return cache;
}

std::string netbios_cache_text(const NetbiosCache& cache) {
  std::string out = fmt::format("broadcast\t{}\nserver\t{}\n", cache.by_broadcast, cache.by_name_server);
  for (const std::string& name : cache.broadcast_names) out += fmt::format("resolved\t{}\n", name);
  for (const CachedName& known : cache.names) {
    out += fmt::format("name\t{}\t{:02x}\t{}\t{}\t{}\n", known.name.text, known.name.suffix,
                       known.group ? "group" : "unique", known.address, known.expires_s);
  }
  return out;
}

NetbiosCache load_netbios_cache() {
  NetbiosCache cache = parse_netbios_cache(file_text(cache_file()));
  cache.forget_old(unix_time_s());
  return cache;
}

void store_netbios_cache(const NetbiosCache& cache) {
  if (cache_folder().empty()) return;
  ::mkdir(cache_folder().c_str(), 0700);
  ::mkdir((cache_folder() + "/dozo").c_str(), 0700);
  const std::string path = cache_file();
  const std::string written = fmt::format("{}.{}", path, ::getpid());
  {
    std::ofstream file(written, std::ios::binary);
    file << netbios_cache_text(cache);
    if (!file.flush()) return;
  }
  std::rename(written.c_str(), path.c_str());
}

std::int64_t unix_time_s() {
  return std::chrono::duration_cast<std::chrono::seconds>(std::chrono::system_clock::now().time_since_epoch()).count();
}

}  // namespace dozo::cli
