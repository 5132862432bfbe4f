// Changes for people and for programs.
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "scan/changes.h"
#include "scan/visible_text.h"

namespace dozo::scan {
namespace {

using json = nlohmann::ordered_json;
using Presence = HostChanges::Presence;

constexpr std::string_view kPresences[] = {"same", "new", "gone"};

std::string address_of(const HostChanges& host) {
  return host.host.contains(':') ? fmt::format("[{}]:{}", host.host, host.port)
                                 : fmt::format("{}:{}", host.host, host.port);
}

std::string finding_lines(std::string_view mark, std::span<const Finding> findings, std::string_view note,
                          bool colour) {
  std::string out;
  for (const Finding& finding : findings) {
    out += fmt::format("  {} {}  {}  [{}]{}\n", mark, severity_label(finding.severity, colour), visible(finding.title),
                       visible(finding.id), note);
  }
  return out;
}

std::string host_lines(const HostChanges& host, const TableStyle& style) {
  constexpr std::string_view kMarks[] = {"", "NEW   ", "GONE  "};
  std::string out = fmt::format("{}{}", kMarks[static_cast<std::size_t>(host.presence)], visible(address_of(host)));
  if (!host.name.empty()) out += "  " + visible(host.name);
  if (host.since_s) out += fmt::format(", since {}", utc_text(*host.since_s));
  out += "\n";
  for (const ValueChange& value : host.values) {
    out += fmt::format("  {}: {} -> {}\n", visible(value.name), visible(value.before), visible(value.after));
  }
  out += finding_lines("+", host.new_findings, "", style.colour);
  out += finding_lines("-", host.cured, "  cured", style.colour);
  return out + finding_lines("?", host.untested, "  not tested this time", style.colour);
}

json to_json(std::span<const Finding> findings) {
  json out = json::array();
  for (const Finding& finding : findings) {
    out.push_back({{"id", finding.id}, {"severity", severity_name(finding.severity)}, {"title", finding.title}});
  }
  return out;
}

json to_json(const HostChanges& host) {
  json values = json::array();
  for (const ValueChange& value : host.values) {
    values.push_back({{"name", value.name}, {"before", value.before}, {"after", value.after}});
  }
  return {{"host", host.host},
          {"port", host.port},
          {"name", host.name},
          {"presence", kPresences[static_cast<std::size_t>(host.presence)]},
          {"since", host.since_s ? json(*host.since_s) : json(nullptr)},
          {"values", std::move(values)},
          {"new", to_json(host.new_findings)},
          {"cured", to_json(host.cured)},
          {"untested", to_json(host.untested)}};
}

}  // namespace

std::string changes_text(std::span<const HostChanges> hosts, const TableStyle& style) {
  std::string out;
  std::array<std::size_t, std::size(kPresences)> counts{};
  std::size_t unchanged = 0;
  for (const Presence wanted : {Presence::appeared, Presence::gone, Presence::same}) {
    for (const HostChanges& host : hosts) {
      if (host.presence != wanted) continue;
      ++counts.at(static_cast<std::size_t>(wanted));
      if (host.is_empty()) {
        ++unchanged;
      } else {
        out += host_lines(host, style);
      }
    }
  }
  const std::size_t changed = counts[0] - unchanged;
  return out + fmt::format("{} changed, {} new, {} gone, {} as before\n", changed, counts[1], counts[2], unchanged);
}

std::string changes_json(std::span<const HostChanges> hosts) {
  std::string out;
  for (const HostChanges& host : hosts) {
    if (host.is_empty()) continue;
    out += json_with_visible_text(to_json(host).dump(-1, ' ', false, json::error_handler_t::replace)) + "\n";
  }
  return out;
}

}  // namespace dozo::scan
