// A host in a few words: what the table, CSV and the HTML report have in common. What is not tested is "?".
#pragma once

#include <array>
#include <span>
#include <string>

#include "scan/report_json.h"

namespace dozo::scan {

std::string dialects_text(const HostFacts& host);    // "SMB1, 2.1, 3.0": those that are accepted; "none"; "?"
std::string signing_text(const HostFacts& host);     // "required" "optional" "off" "?"
std::string encryption_text(const HostFacts& host);  // "required" "offered" "none" "?"
std::string ciphers_text(const HostFacts& host);     // as dialects_text
std::string access_text(const HostFacts& host);  // who gets in without a password: "guest, anonymous", "nobody", "?"
std::string_view server_text(std::string_view kind);  // "Windows" for "windows"; "?" where nothing decides

// Whether anything of SMB answered.
bool speaks_smb(const HostFacts& host);

inline constexpr std::size_t kSeverities = 5;
// How many findings of each severity; the index is the severity's number.
using SeverityCounts = std::array<std::size_t, kSeverities>;
SeverityCounts count_severities(std::span<const Finding> findings);
std::string counts_text(const SeverityCounts& counts);  // "1 critical, 2 medium"; "none"
std::optional<Severity> worst_of(const SeverityCounts& counts);

// Hosts with a severity first, the worst before others, then by name of the target.
std::vector<const HostRecord*> worst_first(std::span<const HostRecord> hosts);

// "nas.example", "192.0.2.1"; with the port where it is not 445: "[fe80::1]:1445".
std::string host_text(const HostFacts& host);

}  // namespace dozo::scan
