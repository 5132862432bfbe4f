// Findings of the HTML report, by rule: what it is, why, where, and what to do there.
#include <fmt/format.h>

#include <algorithm>

#include "scan/html_parts.h"
#include "scan/summary.h"

namespace dozo::scan {
namespace {

struct Place {
  const HostFacts* host;
  const Finding* finding;
};

struct Group {
  const Finding* first = nullptr;
  std::vector<Place> places;
};

std::vector<Group> groups_of(std::span<const HostRecord> hosts) {
  std::map<std::string_view, Group> by_id;
  for (const HostRecord& record : hosts) {
    for (const Finding& finding : record.findings) {
      Group& group = by_id[finding.id];
      if (group.first == nullptr) group.first = &finding;
      group.places.push_back({&record.facts, &finding});
    }
  }
  std::vector<Group> groups;
  for (auto& [id, group] : by_id) groups.push_back(std::move(group));
  std::ranges::sort(groups, [](const Group& a, const Group& b) {
    if (a.first->severity != b.first->severity) return a.first->severity > b.first->severity;
    if (a.places.size() != b.places.size()) return a.places.size() > b.places.size();
    return a.first->id < b.first->id;
  });
  return groups;
}

// Each word by itself, so that a browser does not break a command after a hyphen.
std::string words_of(std::string_view line) {
  std::string out;
  while (!line.empty()) {
    const std::size_t blank = std::min(line.find(' '), line.size());
    out += fmt::format("<kbd>{}</kbd>", html_text(line.substr(0, blank)));
    line.remove_prefix(std::min(blank + 1, line.size()));
    if (!line.empty()) out += ' ';
  }
  return out;
}

std::string lines_of(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    out += fmt::format("<code>{}</code>", words_of(text.substr(0, end)));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return out;
}

// Hosts of one kind share a fix: it is said once, for all of them.
std::string fixes_of(const Group& group) {
  std::map<std::string_view, std::string> kind_of_fix;
  for (const Place& place : group.places) {
    kind_of_fix.try_emplace(place.finding->fix, server_text(place.host->server_kind));
  }
  std::string out;
  for (const auto& [fix, kind] : kind_of_fix) {
    if (fix.empty()) continue;
    std::string label = kind == "?" ? "What to do" : "What to do on " + kind;
    if (kind == "?" && kind_of_fix.size() > 1) label += " where the kind of server is not known";
    out += fmt::format("<div class=\"fix\"><span>{}</span>{}</div>", html_text(label), lines_of(fix));
  }
  return out;
}

std::string places_of(const Group& group) {
  std::string out = "<ul class=\"places\">";
  for (const Place& place : group.places) {
    out += fmt::format("<li>{}", html_name(host_text(*place.host)));
    if (!place.host->name.empty()) out += fmt::format(" <i>{}</i>", html_name(place.host->name));
    out += fmt::format("<small>{}</small></li>", html_name(place.finding->evidence));
  }
  return out + "</ul>";
}

std::string group_text(const Group& group, bool open) {
  const Finding& finding = *group.first;
  const std::size_t count = group.places.size();
  return fmt::format(
      "<details class=\"finding {}\"{}><summary>{}<span class=\"what\">{}</span>"
      "<span class=\"many\">{} host{}</span></summary>\n"
      "<div class=\"inside\"><p>{}</p>{}{}<p class=\"id\">{}</p></div></details>\n",
      severity_name(finding.severity), open ? " open" : "", severity_badge(finding.severity), html_text(finding.title),
      count, count == 1 ? "" : "s", html_text(finding.why), fixes_of(group), places_of(group), html_text(finding.id));
}

}  // namespace

std::string findings_section(std::span<const HostRecord> hosts) {
  const auto groups = groups_of(hosts);
  std::string out = "<h2>Findings</h2>\n";
  if (groups.empty()) return out + "<p class=\"empty\">Nothing was found.</p>\n";
  // What is worst is there to be read; the rest opens with a click.
  for (const Group& group : groups) out += group_text(group, group.first->severity >= Severity::high);
  return out;
}

}  // namespace dozo::scan
