// What nbtstat, netview and resolve print: as the Windows tool of the name does, where there is one, and as JSON.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "cli/netbios_cache.h"
#include "cli/shares.h"
#include "netbios/browse.h"
#include "netbios/resolve.h"
#include "netbios/sessions.h"

namespace dozo::cli {

// A name table: of a remote host (with its MAC address), or of this computer.
enum class TableOf { remote, local };
std::string name_table_text(const netbios::FoundStatus& found, TableOf of);
std::string name_table_json(const netbios::FoundStatus& found);
std::string node_heading(std::string_view interface, std::string_view address);

std::string cache_text(const NetbiosCache& cache, std::int64_t now_s);
std::string cache_json(const NetbiosCache& cache, std::int64_t now_s);
std::string statistics_text(const NetbiosCache& cache);
std::string statistics_json(const NetbiosCache& cache);
std::string sessions_text(const std::vector<netbios::SmbConnection>& connections);
std::string sessions_json(const std::vector<netbios::SmbConnection>& connections);

// What an outsider learns without logging on.
struct PrivacyFact {
  std::string what, value;
  std::string source;   // by which question
  std::string matters;  // why that is worth knowing to an attacker
  std::string remedy;   // how it ends
};
struct PrivacyEvidence {
  std::string address;
  std::optional<netbios::FoundStatus> status;
  std::string netbios_silence;  // when there is no status
  std::vector<std::string> service_types;
  std::vector<netbios::DeviceAnswer> devices;
};
std::vector<PrivacyFact> privacy_facts(const PrivacyEvidence& evidence);
std::string privacy_text(const PrivacyEvidence& evidence);
std::string privacy_json(const PrivacyEvidence& evidence);

std::string trace_text(const std::string& name, const netbios::Trace& trace,
                       const std::vector<std::string>& system_order);
std::string trace_json(const std::string& name, const netbios::Trace& trace,
                       const std::vector<std::string>& system_order);

// `shares`: what the hosts said of theirs; null when they were not asked.
std::string neighbourhood_text(const netbios::Neighbourhood& found, const SharesByAddress* shares);
std::string neighbourhood_json(const netbios::Neighbourhood& found, const SharesByAddress* shares);

}  // namespace dozo::cli
