#include "scan/report_table.h"

#include <fmt/format.h>

#include <algorithm>

#include "scan/fact_fields.h"
#include "scan/summary.h"
#include "scan/visible_text.h"

namespace dozo::scan {
namespace {

constexpr std::size_t kColumnsMin = 72;
constexpr std::size_t kTextColumnsMax = 100;  // longer lines are hard to read
constexpr std::size_t kGap = 2;
constexpr std::size_t kLabelColumns = 10;  // "CRITICAL" and two blanks

struct Column {
  std::string_view heading;
  std::size_t columns_max;
  std::string (*text)(const HostRecord& record);
};

std::string name_of(const HostRecord& record) { return record.facts.name; }
// "2 high of 9".
std::string findings_of(const HostRecord& record) {
  const SeverityCounts counts = count_severities(record.findings);
  const auto worst = worst_of(counts);
  if (!worst) return "none";
  return fmt::format("{} {} of {}", counts.at(static_cast<std::size_t>(*worst)), severity_name(*worst),
                     record.findings.size());
}

std::string system_of(const HostRecord& record) { return record.facts.os; }

constexpr Column kColumns[] = {
    {"HOST", 40, [](const HostRecord& record) { return host_text(record.facts); }},
    {"NAME", 18, name_of},
    {"SERVER", 8, [](const HostRecord& record) { return std::string(server_text(record.facts.server_kind)); }},
    {"SYSTEM", 18, system_of},
    {"DIALECTS", 34, [](const HostRecord& record) { return dialects_text(record.facts); }},
    {"SIGNING", 8, [](const HostRecord& record) { return signing_text(record.facts); }},
    {"ENCRYPTION", 10, [](const HostRecord& record) { return encryption_text(record.facts); }},
    {"WITHOUT PASSWORD", 16, [](const HostRecord& record) { return access_text(record.facts); }},
    {"FINDINGS", 20, findings_of},
};
constexpr std::size_t kCount = std::size(kColumns);
// What is left out first where the terminal is narrow.
constexpr std::size_t kDispensable[] = {3, 7, 1, 6, 4, 2, 5};

using Row = std::array<std::string, kCount>;

Row row_of(const HostRecord& record) {
  Row row;
  for (std::size_t i = 0; i < kCount; ++i) {
    row.at(i) = shortened(visible(kColumns[i].text(record)), kColumns[i].columns_max);
  }
  return row;
}

std::string padded(std::string_view text, std::size_t columns) {
  const std::size_t used = columns_of(text);
  return std::string(text) + std::string(columns - std::min(columns, used), ' ');
}

struct Layout {
  std::array<std::size_t, kCount> widths{};
  std::array<bool, kCount> shown{};

  std::size_t total() const {
    std::size_t sum = 0;
    for (std::size_t i = 0; i < kCount; ++i) sum += shown.at(i) ? widths.at(i) + kGap : 0;
    return sum;
  }
};

Layout layout_of(std::span<const Row> rows, std::size_t columns) {
  Layout layout;
  layout.shown.fill(true);
  for (std::size_t i = 0; i < kCount; ++i) {
    std::size_t width = kColumns[i].heading.size();
    for (const Row& row : rows) width = std::max(width, columns_of(row.at(i)));
    layout.widths.at(i) = width;
  }
  for (const std::size_t column : kDispensable) {
    if (layout.total() <= columns + kGap) break;
    layout.shown.at(column) = false;
  }
  return layout;
}

std::string line_of(const Row& row, const Layout& layout) {
  std::string line;
  for (std::size_t i = 0; i < kCount; ++i) {
    if (layout.shown.at(i)) line += padded(row.at(i), layout.widths.at(i) + kGap);
  }
  return line.substr(0, line.find_last_not_of(' ') + 1);
}

std::string_view colour_of(Severity severity) {
  switch (severity) {
    case Severity::critical:
      return "\x1b[1;37;41m";
    case Severity::high:
      return "\x1b[1;31m";
    case Severity::medium:
      return "\x1b[33m";
    case Severity::low:
      return "\x1b[36m";
    case Severity::info:
      break;
  }
  return "\x1b[2m";
}

std::string in_colour(std::string_view text, std::string_view colour, bool wanted) {
  return wanted ? fmt::format("{}{}\x1b[0m", colour, text) : std::string(text);
}

std::string finding_text(const Finding& finding, const TableStyle& style) {
  const std::string name = severity_label(finding.severity, style.colour);
  const std::string blanks(kLabelColumns - severity_name(finding.severity).size(), ' ');
  std::string out = fmt::format("  {}{}{}  [{}]\n", name, blanks, visible(finding.title), visible(finding.id));
  const std::size_t indent = 2 + kLabelColumns;
  const std::size_t columns = std::min(style.columns, kTextColumnsMax);
  // Evidence has names from the network in it: its line feeds are not ours.
  out += paragraph(visible(finding.evidence), indent, columns);
  out += paragraph(finding.why, indent, columns);
  return out + paragraph("Fix: " + finding.fix, indent, columns);
}

std::string details_of(const HostRecord& record, const TableStyle& style) {
  if (record.findings.empty()) return "";
  std::string heading = visible(host_text(record.facts));
  if (!record.facts.name.empty()) heading += "  " + visible(record.facts.name);
  std::string out = "\n" + in_colour(heading, "\x1b[1m", style.colour) + "\n";
  for (const Finding& finding : record.findings) out += finding_text(finding, style);
  return out;
}

std::string totals_of(std::span<const HostRecord> hosts) {
  SeverityCounts counts{};
  std::size_t speaking = 0;
  for (const HostRecord& record : hosts) {
    const SeverityCounts own = count_severities(record.findings);
    for (std::size_t i = 0; i < kSeverities; ++i) counts.at(i) += own.at(i);
    speaking += speaks_smb(record.facts) ? 1 : 0;
  }
  return fmt::format("\n{} host{}, {} speaking SMB; findings: {}\n", hosts.size(), hosts.size() == 1 ? "" : "s",
                     speaking, counts_text(counts));
}

}  // namespace

std::string severity_label(Severity severity, bool colour) {
  std::string name(severity_name(severity));
  std::ranges::transform(name, name.begin(), [](char c) { return static_cast<char>(c - 'a' + 'A'); });
  return in_colour(name, colour_of(severity), colour);
}

std::string paragraph(std::string_view text, std::size_t indent, std::size_t columns) {
  const std::size_t width = std::max(columns, indent + 20) - indent;
  const std::string margin(indent, ' ');
  std::string out;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    std::string rest = visible(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
    std::string line;
    while (!rest.empty()) {
      const std::size_t blank = std::min(rest.find(' '), rest.size());
      const std::string word = rest.substr(0, blank);
      rest.erase(0, std::min(blank + 1, rest.size()));
      if (!line.empty() && columns_of(line) + 1 + columns_of(word) > width) {
        out += margin + std::exchange(line, "") + "\n";
      }
      if (!line.empty()) line += ' ';
      line += word;
    }
    if (!line.empty()) out += margin + line + "\n";
  }
  return out;
}

std::string table_text(std::span<const HostRecord> hosts, const TableStyle& wanted) {
  TableStyle style = wanted;
  style.columns = std::max(style.columns, kColumnsMin);
  const auto sorted = worst_first(hosts);
  std::vector<Row> rows;
  for (const HostRecord* record : sorted) rows.push_back(row_of(*record));
  const Layout layout = layout_of(rows, style.columns);

  Row headings;
  for (std::size_t i = 0; i < kCount; ++i) headings.at(i) = kColumns[i].heading;
  std::string out = rows.empty() ? "" : in_colour(line_of(headings, layout), "\x1b[1m", style.colour) + "\n";
  for (const Row& row : rows) out += line_of(row, layout) + "\n";
  if (style.details) {
    for (const HostRecord* record : sorted) out += details_of(*record, style);
  }
  return out + totals_of(hosts);
}

}  // namespace dozo::scan
