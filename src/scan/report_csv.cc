#include "scan/report_csv.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "scan/evidence.h"
#include "scan/fact_fields.h"
#include "scan/summary.h"
#include "scan/visible_text.h"

namespace dozo::scan {
namespace {

struct Column {
  std::string_view name;
  std::string (*text)(const HostRecord& record);
};

std::string spaced(const std::vector<std::string>& names) { return fmt::format("{}", fmt::join(names, "; ")); }

std::string shares_with(const HostFacts& host, Fact ShareFacts::* right) {
  std::vector<std::string> names;
  for (const ShareFacts& share : host.shares) {
    if (is_yes(share.*right)) names.push_back(share.name);
  }
  return spaced(names);
}

std::string ids_of(const HostRecord& record) {
  std::vector<std::string> ids;
  for (const Finding& finding : record.findings) ids.push_back(finding.id);
  return spaced(ids);
}

std::string worst_text(const HostRecord& record) {
  const auto worst = worst_of(count_severities(record.findings));
  return worst ? std::string(severity_name(*worst)) : "";
}

// After the names and facts of the lists in fact_fields.h.
constexpr Column kLast[] = {
    {"shares",
     [](const HostRecord& r) {
       std::vector<std::string> names;
       for (const ShareFacts& share : r.facts.shares) names.push_back(share.name);
       return spaced(names);
     }},
    {"shares_readable", [](const HostRecord& r) { return shares_with(r.facts, &ShareFacts::read); }},
    {"shares_writable", [](const HostRecord& r) { return shares_with(r.facts, &ShareFacts::write); }},
    {"worst", worst_text},
    {"findings", ids_of},
};

std::string header() {
  std::string line = "host,port";
  for (const auto& field : text_fields().subspan(1)) line += fmt::format(",{}", field.name);
  line += ",clock_skew_s";
  for (const auto& field : fact_fields()) line += fmt::format(",{}", field.name);
  for (const auto& field : family_fields()) line += fmt::format(",{}", field.name);
  for (const Column& column : kLast) line += fmt::format(",{}", column.name);
  return line + "\r\n";
}

std::string line_of(const HostRecord& record) {
  const HostFacts& host = record.facts;
  std::string line = fmt::format("{},{}", csv_field(host.host), host.port);
  for (const auto& field : text_fields().subspan(1)) line += ',' + csv_field(host.*field.member);
  line += ',' + (host.clock_skew_s ? fmt::format("{}", *host.clock_skew_s) : "");
  for (const auto& field : fact_fields()) line += fmt::format(",{}", state_name((host.*field.member).state));
  for (const auto& field : family_fields()) line += ',' + csv_field(spaced(names_in(host.*field.member, State::yes)));
  for (const Column& column : kLast) line += ',' + csv_field(column.text(record));
  return line + "\r\n";
}

}  // namespace

std::string csv_field(std::string_view text) {
  std::string shown = visible(text);
  if (!shown.empty() && std::string_view("=+-@").contains(shown.front())) shown.insert(0, 1, '\'');
  if (shown.find_first_of(",\"\r\n") == shown.npos) return shown;
  std::string quoted = "\"";
  for (const char c : shown) {
    if (c == '"') quoted += '"';
    quoted += c;
  }
  return quoted + '"';
}

std::string csv_text(std::span<const HostRecord> hosts) {
  std::string out = header();
  for (const HostRecord& record : hosts) out += line_of(record);
  return out;
}

}  // namespace dozo::scan
