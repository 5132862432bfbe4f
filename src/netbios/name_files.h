// Names in files: hosts, lmhosts, resolv.conf. Pure; the caller reads the files.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace dozo::netbios {

// The addresses that a hosts file (hosts(5)) gives the name, in order; case does not matter.
std::vector<std::string> addresses_in_hosts(std::string_view file, std::string_view name);

// [MS-NBTE] 2.2.3: one line of an lmhosts file.
struct LmhostsEntry {
  std::string address;
  std::string name;        // as written; quotes and a sixteenth byte ("NAME           \0x1B") resolved
  int suffix = -1;         // -1: any
  bool preloaded = false;  // #PRE
  std::string domain;      // #DOM:domain
};
// Entries in order. What is not one (comments, #INCLUDE, which is not followed) is left out; #MH is implied.
std::vector<LmhostsEntry> entries_in_lmhosts(std::string_view file);
std::vector<std::string> addresses_in_lmhosts(std::string_view file, std::string_view name);

// What resolv.conf(5) says: at most three name servers, the domains to search.
struct ResolverSettings {
  std::vector<std::string> servers;
  std::vector<std::string> search;
};
ResolverSettings settings_in_resolv_conf(std::string_view file);

// The sources of host names in nsswitch.conf's order ("files dns"); empty when the file has no such line.
std::vector<std::string> host_sources_in_nsswitch(std::string_view file);

}  // namespace dozo::netbios
