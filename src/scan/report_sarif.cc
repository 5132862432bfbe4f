#include "scan/report_sarif.h"

#include <fmt/format.h>

#include <cctype>
#include <nlohmann/json.hpp>

#include "scan/summary.h"
#include "scan/visible_text.h"

namespace dozo::scan {
namespace {

using json = nlohmann::ordered_json;

constexpr std::string_view kSchema =
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";

// SARIF 3.27.10, and the number by which dashboards sort.
struct Level {
  std::string_view name;
  std::string_view security_severity;
};
constexpr std::array<Level, kSeverities> kLevels{{
    {"note", "0.0"},
    {"note", "3.0"},
    {"warning", "5.5"},
    {"error", "8.0"},
    {"error", "9.5"},
}};

const Level& level_of(Severity severity) { return kLevels.at(static_cast<std::size_t>(severity)); }

json message(std::string_view text) { return {{"text", text}}; }

// SARIF 3.49: the help is about the rule; what to do at one host is in its result.
json rule_of(const Finding& finding) {
  const Level& level = level_of(finding.severity);
  return {{"id", finding.id},
          {"shortDescription", message(finding.title)},
          {"fullDescription", message(finding.why.empty() ? finding.title : finding.why)},
          {"help", message(finding.fix.empty() ? finding.title : finding.fix)},
          {"defaultConfiguration", {{"level", level.name}}},
          {"properties",
           {{"severity", severity_name(finding.severity)},
            {"security-severity", level.security_severity},
            {"tags", {"security", "smb"}}}}};
}

json location_of(const HostFacts& host) {
  json logical = {{"name", host.name.empty() ? host.host : host.name},
                  {"fullyQualifiedName", host_text(host)},
                  {"kind", "resource"}};
  return {{"physicalLocation", {{"artifactLocation", {{"uri", smb_uri(host)}}}}},
          {"logicalLocations", json::array({std::move(logical)})}};
}

json result_of(const HostFacts& host, const Finding& finding, std::size_t rule) {
  std::string text = finding.title + ": " + finding.evidence;
  if (!finding.fix.empty()) text += "\nFix: " + finding.fix;
  return {{"ruleId", finding.id},
          {"ruleIndex", rule},
          {"level", level_of(finding.severity).name},
          {"message", message(text)},
          {"locations", json::array({location_of(host)})},
          // SARIF 3.27.17: what makes it the same finding in the next scan.
          {"partialFingerprints", {{"hostAndRule/v1", fmt::format("{}|{}", host_text(host), finding.id)}}},
          {"properties", {{"severity", severity_name(finding.severity)}, {"fix", finding.fix}}}};
}

// RFC 3986 2.1: letters and digits stay, and these.
std::string escaped(std::string_view text, std::string_view plain) {
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    const bool stays = byte < 0x80 && (std::isalnum(byte) != 0 || plain.contains(c));
    out += stays ? std::string(1, c) : fmt::format("%{:02X}", byte);
  }
  return out;
}

struct Rules {
  json array = json::array();
  std::map<std::string, std::size_t, std::less<>> index;

  std::size_t index_of(const Finding& finding) {
    const auto [it, is_new] = index.try_emplace(finding.id, array.size());
    if (is_new) array.push_back(rule_of(finding));
    return it->second;
  }
};

}  // namespace

std::string smb_uri(const HostFacts& host) {
  // What --self has judged is a file.
  if (host.host.starts_with('/')) return "file://" + escaped(host.host, "-._~/");
  // RFC 3986 3.2.2: an IPv6 address in brackets; the zone's '%' is escaped as RFC 6874 has it.
  const bool v6 = host.host.contains(':');
  const std::string name = escaped(host.host, v6 ? "-._~:" : "-._~");
  return v6 ? fmt::format("smb://[{}]:{}/", name, host.port) : fmt::format("smb://{}:{}/", name, host.port);
}

std::string sarif_text(std::span<const HostRecord> hosts) {
  Rules rules;
  json results = json::array();
  for (const HostRecord* record : worst_first(hosts)) {
    for (const Finding& finding : record->findings) {
      results.push_back(result_of(record->facts, finding, rules.index_of(finding)));
    }
  }
  json driver = {{"name", "dozo"}, {"version", DOZO_VERSION}, {"rules", std::move(rules.array)}};
  json run = {{"tool", {{"driver", std::move(driver)}}}, {"results", std::move(results)}};
  const json log = {{"$schema", kSchema}, {"version", "2.1.0"}, {"runs", json::array({std::move(run)})}};
  return json_with_visible_text(log.dump(2, ' ', false, json::error_handler_t::replace)) + "\n";
}

}  // namespace dozo::scan
