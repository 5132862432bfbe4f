// The charts of the HTML report: what of all hosts is good, bad and not known.
#include <fmt/format.h>

#include <algorithm>

#include "scan/evidence.h"
#include "scan/fact_fields.h"
#include "scan/html_parts.h"
#include "scan/summary.h"

namespace dozo::scan {
namespace {

std::string card(std::string_view title, std::string_view note, const std::string& inside) {
  return fmt::format("<section class=\"card\"><h3>{}</h3><p class=\"note\">{}</p>{}</section>\n", title, note, inside);
}

std::string worst_chart(std::span<const HostRecord> hosts) {
  std::array<std::size_t, kSeverities> worst{};
  std::size_t clean = 0;
  std::size_t silent = 0;
  for (const HostRecord& record : hosts) {
    const auto severity = worst_of(count_severities(record.findings));
    if (severity) {
      ++worst.at(static_cast<std::size_t>(*severity));
    } else {
      ++(speaks_smb(record.facts) ? clean : silent);
    }
  }
  std::vector<Slice> slices;
  for (std::size_t i = kSeverities; i-- > 0;) {
    const auto name = severity_name(static_cast<Severity>(i));
    slices.push_back({std::string(name), worst.at(i), name});
  }
  slices.push_back({"nothing found", clean, "good"});
  if (silent > 0) slices.push_back({"did not speak SMB", silent, "unknown"});
  return card("Hosts by their worst finding", "What to look at first.",
              donut(slices, hosts.size() == 1 ? "host" : "hosts"));
}

// For some facts yes is good, for others no.
struct Protection {
  std::string_view label;
  Fact HostFacts::* fact;
  State good;
};
constexpr Protection kProtections[] = {
    {"SMB1 off", &HostFacts::smb1, State::no},
    {"Signing required", &HostFacts::signing_required, State::yes},
    {"Encryption offered", &HostFacts::encryption, State::yes},
    {"Guests refused", &HostFacts::guest, State::no},
    {"Strangers refused", &HostFacts::anonymous, State::no},
    {"NetBIOS silent", &HostFacts::netbios, State::no},
};

std::string protection_row(std::span<const HostRecord> hosts, const Protection& protection) {
  std::array<Slice, 3> slices{{{"yes", 0, "good"}, {"no", 0, "bad"}, {"not tested", 0, "unknown"}}};
  for (const HostRecord& record : hosts) {
    const State state = (record.facts.*protection.fact).state;
    const std::size_t slice = state == State::untested ? 2 : state == protection.good ? 0 : 1;
    ++slices.at(slice).count;
  }
  const std::size_t known = slices[0].count + slices[1].count;
  const std::string text = known == 0 ? "?" : fmt::format("{} / {}", slices[0].count, known);
  return stacked_bar(protection.label, slices, text);
}

std::string protections_chart(std::span<const HostRecord> hosts) {
  std::string rows;
  for (const Protection& protection : kProtections) rows += protection_row(hosts, protection);
  return card(
      "Protections",
      "<i class=\"dot good\"></i>in force <i class=\"dot bad\"></i>missing <i class=\"dot unknown\"></i>not tested",
      rows);
}

std::string dialects_chart(std::span<const HostRecord> hosts) {
  std::vector<Slice> rows{{"SMB 1", 0, "critical"}};
  for (const std::string_view name : kModernDialects) {
    rows.push_back({fmt::format("SMB {}", name), 0, name.starts_with('2') ? "medium" : "good"});
  }
  for (const HostRecord& record : hosts) {
    rows[0].count += is_yes(record.facts.smb1) ? 1 : 0;
    for (std::size_t i = 0; i < std::size(kModernDialects); ++i) {
      rows[i + 1].count += is_yes(fact_of(record.facts.dialects, kModernDialects[i])) ? 1 : 0;
    }
  }
  return card("Dialects", "How many hosts accept each. A host accepts several.", bars(rows));
}

// The most frequent first; names that are few each become one row.
std::vector<Slice> ranked(const std::map<std::string, std::size_t>& counts, std::size_t rows_max) {
  std::vector<Slice> rows;
  for (const auto& [name, count] : counts) rows.push_back({name, count, "plain"});
  std::ranges::sort(
      rows, [](const Slice& a, const Slice& b) { return a.count != b.count ? a.count > b.count : a.label < b.label; });
  if (rows.size() <= rows_max) return rows;
  Slice rest{"others", 0, "plain"};
  for (std::size_t i = rows_max - 1; i < rows.size(); ++i) rest.count += rows[i].count;
  rows.resize(rows_max - 1);
  rows.push_back(rest);
  return rows;
}

std::string servers_chart(std::span<const HostRecord> hosts) {
  std::map<std::string, std::size_t> kinds;
  for (const HostRecord& record : hosts) {
    const std::string_view kind = server_text(record.facts.server_kind);
    ++kinds[kind == "?" ? "not known" : std::string(kind)];
  }
  return card("Servers", "By what they say without being asked.", bars(ranked(kinds, 7)));
}

}  // namespace

std::string charts_section(std::span<const HostRecord> hosts) {
  return "<div class=\"charts\">\n" + worst_chart(hosts) + protections_chart(hosts) + dialects_chart(hosts) +
         servers_chart(hosts) + "</div>\n";
}

}  // namespace dozo::scan
