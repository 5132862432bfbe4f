#include "scan/summary.h"

#include <fmt/format.h>

#include <algorithm>

#include "scan/evidence.h"
#include "scan/fact_fields.h"

namespace dozo::scan {
namespace {

constexpr std::string_view kUnknown = "?";
constexpr std::uint16_t kDirectPort = 445;

bool any_known(const FactsByName& facts) {
  return std::ranges::any_of(facts, [](const auto& entry) { return entry.second.state != State::untested; });
}

std::string list_or(std::vector<std::string> names, bool known) {
  if (!names.empty()) return joined(names);
  return known ? "none" : std::string(kUnknown);
}

}  // namespace

std::string dialects_text(const HostFacts& host) {
  std::vector<std::string> names;
  if (is_yes(host.smb1)) names.emplace_back("SMB1");
  for (const std::string_view dialect : kModernDialects) {
    if (is_yes(fact_of(host.dialects, dialect))) names.emplace_back(dialect);
  }
  return list_or(std::move(names), host.smb1.state != State::untested || any_known(host.dialects));
}

std::string signing_text(const HostFacts& host) {
  if (is_yes(host.signing_required)) return "required";
  if (!is_no(host.signing_required)) return std::string(kUnknown);
  return is_no(host.signing_enabled) ? "off" : "optional";
}

std::string encryption_text(const HostFacts& host) {
  if (is_yes(host.encryption_required)) return "required";
  if (is_yes(host.encryption)) return "offered";
  return is_no(host.encryption) ? "none" : std::string(kUnknown);
}

std::string ciphers_text(const HostFacts& host) {
  return list_or(names_in(host.ciphers, State::yes), any_known(host.ciphers));
}

std::string access_text(const HostFacts& host) {
  std::vector<std::string> who;
  if (is_yes(host.guest)) who.emplace_back("guest");
  if (is_yes(host.anonymous)) who.emplace_back("anonymous");
  if (!who.empty()) return joined(who);
  return is_no(host.guest) && is_no(host.anonymous) ? "nobody" : std::string(kUnknown);
}

std::string_view server_text(std::string_view kind) {
  struct Named {
    std::string_view kind;
    std::string_view text;
  };
  constexpr Named kNames[] = {{"windows", "Windows"}, {"samba", "Samba"}, {"macos", "macOS"}};
  for (const Named& named : kNames) {
    if (named.kind == kind) return named.text;
  }
  return kind.empty() ? kUnknown : kind;
}

bool speaks_smb(const HostFacts& host) { return is_yes(host.smb1) || speaks_modern(host); }

SeverityCounts count_severities(std::span<const Finding> findings) {
  SeverityCounts counts{};
  for (const Finding& finding : findings) ++counts.at(static_cast<std::size_t>(finding.severity));
  return counts;
}

std::string counts_text(const SeverityCounts& counts) {
  std::vector<std::string> parts;
  for (std::size_t i = kSeverities; i-- > 0;) {
    if (counts.at(i) > 0) parts.push_back(fmt::format("{} {}", counts.at(i), severity_name(static_cast<Severity>(i))));
  }
  return parts.empty() ? "none" : joined(parts);
}

std::optional<Severity> worst_of(const SeverityCounts& counts) {
  for (std::size_t i = kSeverities; i-- > 0;) {
    if (counts.at(i) > 0) return static_cast<Severity>(i);
  }
  return std::nullopt;
}

std::vector<const HostRecord*> worst_first(std::span<const HostRecord> hosts) {
  struct Entry {
    SeverityCounts worst_to_least;
    const HostRecord* record;
  };
  std::vector<Entry> entries;
  for (const HostRecord& record : hosts) {
    SeverityCounts counts = count_severities(record.findings);
    std::ranges::reverse(counts);
    entries.push_back({counts, &record});
  }
  std::ranges::sort(entries, [](const Entry& a, const Entry& b) {
    if (a.worst_to_least != b.worst_to_least) return a.worst_to_least > b.worst_to_least;
    return std::tie(a.record->facts.host, a.record->facts.port) < std::tie(b.record->facts.host, b.record->facts.port);
  });
  std::vector<const HostRecord*> sorted;
  for (const Entry& entry : entries) sorted.push_back(entry.record);
  return sorted;
}

std::string host_text(const HostFacts& host) {
  if (host.port == kDirectPort) return host.host;
  return host.host.contains(':') ? fmt::format("[{}]:{}", host.host, host.port)
                                 : fmt::format("{}:{}", host.host, host.port);
}

}  // namespace dozo::scan
