// Hosts of the HTML report: a line each, which opens to all that is known.
#include <fmt/format.h>

#include <algorithm>

#include "scan/evidence.h"
#include "scan/fact_fields.h"
#include "scan/html_parts.h"
#include "scan/summary.h"

namespace dozo::scan {
namespace {

std::string definition(std::string_view label, const std::string& markup) {
  return markup.empty() ? "" : fmt::format("<div><dt>{}</dt><dd>{}</dd></div>", html_text(label), markup);
}

std::string fact_markup(const Fact& fact) {
  return fmt::format("<span class=\"state {}\">{}</span> <small>{}</small>", state_name(fact.state),
                     fact.state == State::untested ? "not tested" : state_name(fact.state), html_text(fact.why));
}

std::string family_markup(const FactsByName& facts) {
  std::string out;
  for (const auto& [name, fact] : facts) {
    out += fmt::format("<span class=\"chip {}\" title=\"{}\">{}</span>", state_name(fact.state), html_text(fact.why),
                       html_text(name));
  }
  return out;
}

std::string identity(const HostFacts& host) {
  std::string out;
  for (const auto& field : text_fields()) {
    const std::string& text = host.*field.member;
    if (!text.empty()) out += definition(field.label, html_name(text));
  }
  if (host.clock_skew_s) out += definition("Clock", fmt::format("{:+} s", *host.clock_skew_s));
  if (!host.interfaces.empty()) out += definition("Interfaces", html_name(joined(host.interfaces)));
  std::string names;
  for (const NetbiosName& name : host.netbios_names) {
    names += fmt::format("<span class=\"chip\">{}&lt;{:02x}&gt;{}</span>", html_name(name.name), name.suffix,
                         name.group ? " group" : "");
  }
  return out + definition("NetBIOS table", names);
}

std::string facts_markup(const HostFacts& host) {
  std::string out;
  for (const auto& field : fact_fields()) out += definition(field.label, fact_markup(host.*field.member));
  for (const auto& field : family_fields()) out += definition(field.label, family_markup(host.*field.member));
  for (const auto& [dialect, family] : host.capabilities) {
    out += definition(fmt::format("Capabilities, {}", dialect), family_markup(family));
  }
  return out;
}

std::string shares_markup(const HostFacts& host) {
  if (host.shares.empty()) return "";
  std::string out = "<h4>Shares</h4><ul class=\"shares\">";
  for (const ShareFacts& share : host.shares) {
    out += fmt::format(
        "<li><b>{}</b> <i>{}</i> <span class=\"chip {}\" title=\"{}\">read</span>"
        "<span class=\"chip {}\" title=\"{}\">write</span><small>{}</small></li>",
        html_name(share.name), html_text(share.type), state_name(share.read.state), html_text(share.read.why),
        state_name(share.write.state), html_text(share.write.why), html_name(share.comment));
  }
  return out + "</ul>";
}

std::string findings_of(const HostRecord& record) {
  if (record.findings.empty()) return "";
  std::string out = "<h4>Findings</h4><ul class=\"own\">";
  for (const Finding& finding : record.findings) {
    out += fmt::format("<li>{} {}<small>{}</small></li>", severity_badge(finding.severity), html_text(finding.title),
                       html_name(finding.evidence));
  }
  return out + "</ul>";
}

std::string cell(std::string_view label, const std::string& text, std::string_view colour = "") {
  return fmt::format("<span class=\"cell {}\"><em>{}</em>{}</span>", colour, label, html_name(text));
}

std::string_view colour_of(std::string_view text) {
  if (text == "required" || text == "nobody") return "is-good";
  if (text == "optional" || text == "none" || text == "off" || text.contains("guest")) return "is-bad";
  return text == "?" ? "is-unknown" : "";
}

std::string host_line(const HostRecord& record) {
  const HostFacts& host = record.facts;
  const auto worst = worst_of(count_severities(record.findings));
  const std::string system = host.os.empty() ? std::string(server_text(host.server_kind))
                                             : fmt::format("{} {}", server_text(host.server_kind), host.os);
  const std::string signing = signing_text(host);
  const std::string encryption = encryption_text(host);
  const std::string access = access_text(host);
  return fmt::format(
      "<summary><span class=\"cell who\"><b>{}</b><small>{}</small></span>{}{}{}{}{}<span class=\"cell "
      "last\">{}</span></summary>",
      html_name(host_text(host)), html_name(host.name), cell("System", system),
      cell("Dialects", dialects_text(host), is_yes(host.smb1) ? "is-bad" : ""),
      cell("Signing", signing, colour_of(signing)), cell("Encryption", encryption, colour_of(encryption)),
      cell("No password", access, colour_of(access)),
      worst ? severity_badge(*worst) : "<span class=\"badge good\">nothing found</span>");
}

std::string host_markup(const HostRecord& record, bool open) {
  return fmt::format(
      "<details class=\"host\"{}>{}\n<div class=\"inside\">{}<h4>Who it is</h4><dl>{}</dl>{}"
      "<h4>What it answered</h4><dl class=\"facts\">{}</dl></div></details>\n",
      open ? " open" : "", host_line(record), findings_of(record), identity(record.facts), shares_markup(record.facts),
      facts_markup(record.facts));
}

constexpr std::string_view kHeadings =
    "<div class=\"headings\"><span>Host</span><span>System</span><span>Dialects</span><span>Signing</span>"
    "<span>Encryption</span><span>No password</span><span></span></div>\n";

}  // namespace

std::string hosts_section(std::span<const HostRecord> hosts) {
  std::string out = "<h2>Hosts</h2>\n<div class=\"hosts\">" + std::string(kHeadings);
  const bool few = hosts.size() == 1;
  for (const HostRecord* record : worst_first(hosts)) out += host_markup(*record, few);
  return out + "</div>\n";
}

}  // namespace dozo::scan
