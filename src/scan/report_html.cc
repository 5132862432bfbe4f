#include "scan/report_html.h"

#include <fmt/format.h>

#include "scan/html_parts.h"
#include "scan/html_style.h"
#include "scan/summary.h"

namespace dozo::scan {
namespace {

// The policy is a second wall behind the escaping: nothing but this file's own style is taken, no script at all.
constexpr std::string_view kPolicy =
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'";

SeverityCounts counts_of(std::span<const HostRecord> hosts) {
  SeverityCounts counts{};
  for (const HostRecord& record : hosts) {
    const SeverityCounts own = count_severities(record.findings);
    for (std::size_t i = 0; i < kSeverities; ++i) counts.at(i) += own.at(i);
  }
  return counts;
}

std::string tiles(const SeverityCounts& counts) {
  std::string out = "<div class=\"tiles\">";
  for (std::size_t i = kSeverities; i-- > 0;) {
    out += fmt::format("<div class=\"tile {0}{1}\"><b>{2}</b><span>{0}</span></div>",
                       severity_name(static_cast<Severity>(i)), counts.at(i) == 0 ? " zero" : "", counts.at(i));
  }
  return out + "</div>\n";
}

// What to say to somebody who reads one sentence.
std::string verdict(std::span<const HostRecord> hosts) {
  std::size_t urgent = 0;
  std::size_t speaking = 0;
  for (const HostRecord& record : hosts) {
    const auto worst = worst_of(count_severities(record.findings));
    urgent += worst && *worst >= Severity::high ? 1 : 0;
    speaking += speaks_smb(record.facts) ? 1 : 0;
  }
  const std::string scope =
      fmt::format("{} of {} host{} spoke SMB.", speaking, hosts.size(), hosts.size() == 1 ? "" : "s");
  if (urgent == 0) return fmt::format("<p class=\"verdict\">{} No finding is critical or high.</p>\n", scope);
  return fmt::format(
      "<p class=\"verdict\">{} <b>{} need{} attention first</b>: something critical or high was found.</p>\n", scope,
      urgent, urgent == 1 ? "s" : "");
}

std::string head_of(const ReportHead& head) {
  return fmt::format(
      "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n"
      "<meta http-equiv=\"Content-Security-Policy\" content=\"{}\">\n"
      "<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\n"
      "<meta name=\"referrer\" content=\"no-referrer\"><link rel=\"icon\" href=\"data:,\">\n"
      "<title>{}</title>\n<style>{}</style></head>\n<body>\n",
      kPolicy, html_text(head.title), kReportStyle);
}

std::string banner(std::span<const HostRecord> hosts, const ReportHead& head) {
  std::string line = fmt::format("{} host{}", hosts.size(), hosts.size() == 1 ? "" : "s");
  if (!head.targets.empty()) line += ": " + html_text(head.targets);
  return fmt::format("<header><div><p class=\"brand\">dozo scan</p><h1>{}</h1><p>{}</p><p>{}</p></div></header>\n",
                     html_text(head.title), line, html_text(head.when));
}

std::string foot() {
  return fmt::format(
      "<footer><p>Every fact is yes, no, or not tested; what is not tested is never a finding. Writability is told "
      "from "
      "rights, nothing was written. Point at a name, or tap and hold, to see what the host answered.</p>"
      "<p>dozo {}</p></footer>\n</body></html>\n",
      DOZO_VERSION);
}

}  // namespace

std::string html_report(std::span<const HostRecord> hosts, const ReportHead& head) {
  return head_of(head) + banner(hosts, head) + "<main>" + tiles(counts_of(hosts)) + verdict(hosts) +
         charts_section(hosts) + findings_section(hosts) + hosts_section(hosts) + "</main>\n" + foot();
}

}  // namespace dozo::scan
