// What this user's dozo has resolved by NetBIOS: the cache that nbtstat -c shows, and the counts of nbtstat -r. One
// text file, $XDG_CACHE_HOME/dozo/netbios; a damaged line in it is left out.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "netbios/name.h"

namespace dozo::cli {

struct CachedName {
  netbios::Name name;
  bool group = false;
  std::string address;
  std::int64_t expires_s = 0;  // since 1970
};

struct NetbiosCache {
  std::uint64_t by_broadcast = 0, by_name_server = 0;
  std::vector<CachedName> names;
  std::vector<std::string> broadcast_names;  // the last 32 that a broadcast resolved

  // A name that was resolved now; it is kept for ten minutes, as Windows does.
  void add(const CachedName& name, bool from_name_server);
  void forget_old(std::int64_t now_s);
};
inline constexpr std::int64_t kCacheSeconds = 600;

NetbiosCache parse_netbios_cache(std::string_view text);
std::string netbios_cache_text(const NetbiosCache& cache);

NetbiosCache load_netbios_cache();  // old names left out
// Replaces the file. That it could not be written is no failure of the command that resolved the name.
void store_netbios_cache(const NetbiosCache& cache);
std::int64_t unix_time_s();

}  // namespace dozo::cli
