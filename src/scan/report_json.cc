#include "scan/report_json.h"

#include <fmt/format.h>

#include <limits>
#include <nlohmann/json.hpp>

#include "scan/fact_fields.h"
#include "scan/visible_text.h"

namespace dozo::scan {
namespace {

using json = nlohmann::ordered_json;

constexpr std::string_view kMissing = "not in the record";

json to_json(const Fact& fact) { return {{"state", state_name(fact.state)}, {"why", fact.why}}; }

json to_json(const FactsByName& facts) {
  json out = json::object();
  for (const auto& [name, fact] : facts) out[name] = to_json(fact);
  return out;
}

json to_json(const ShareFacts& share) {
  return {{"name", share.name},
          {"type", share.type},
          {"comment", share.comment},
          {"read", to_json(share.read)},
          {"write", to_json(share.write)}};
}

json to_json(const NetbiosName& name) {
  return {{"name", name.name}, {"suffix", fmt::format("{:02x}", name.suffix)}, {"group", name.group}};
}

json to_json(const Finding& finding) {
  return {{"id", finding.id},       {"severity", severity_name(finding.severity)},
          {"title", finding.title}, {"evidence", finding.evidence},
          {"why", finding.why},     {"fix", finding.fix}};
}

template <class Range>
json list_of(const Range& range) {
  json out = json::array();
  for (const auto& item : range) out.push_back(to_json(item));
  return out;
}

// What a script looks at first stands first.
json identity_of(const HostFacts& host) {
  json out = {{"host", host.host}, {"port", host.port}, {"name", host.name}, {"os", host.os}, {"domain", host.domain}};
  out["clock_skew_s"] = host.clock_skew_s ? json(*host.clock_skew_s) : json(nullptr);
  out["server_kind"] = host.server_kind;
  for (const auto& field : text_fields()) out[field.name] = host.*field.member;
  return out;
}

// Reading takes nothing for granted: a stored line may be anybody's.
std::string text_in(const json& object, std::string_view name) {
  const auto it = object.find(name);
  return it != object.end() && it->is_string() ? it->get<std::string>() : std::string();
}

std::optional<std::int64_t> integer_in(const json& object, std::string_view name) {
  const auto it = object.find(name);
  if (it == object.end() || !it->is_number_integer()) return std::nullopt;
  if (it->is_number_unsigned() && it->get<std::uint64_t>() > std::numeric_limits<std::int64_t>::max()) {
    return std::nullopt;
  }
  return it->get<std::int64_t>();
}

const json& member(const json& object, std::string_view name) {
  static const json kNothing;
  const auto it = object.find(name);
  return it == object.end() ? kNothing : *it;
}

Fact fact_from(const json& value) {
  Fact fact{State::untested, std::string(kMissing)};
  if (!value.is_object()) return fact;
  const std::string state = text_in(value, "state");
  for (const State known : {State::no, State::yes}) {
    if (state == state_name(known)) fact.state = known;
  }
  fact.why = text_in(value, "why");
  return fact;
}

FactsByName family_from(const json& value) {
  FactsByName facts;
  if (!value.is_object()) return facts;
  for (const auto& [name, fact] : value.items()) facts[name] = fact_from(fact);
  return facts;
}

ShareFacts share_from(const json& value) {
  return {.name = text_in(value, "name"),
          .type = text_in(value, "type"),
          .comment = text_in(value, "comment"),
          .read = fact_from(member(value, "read")),
          .write = fact_from(member(value, "write"))};
}

NetbiosName netbios_name_from(const json& value) {
  unsigned suffix = 0;
  for (const char c : text_in(value, "suffix")) {
    const std::size_t digit = std::string_view("0123456789abcdef").find(c);
    suffix = (suffix * 16 + static_cast<unsigned>(digit)) & 0xFF;
  }
  const json& group = member(value, "group");
  return {.name = text_in(value, "name"),
          .suffix = static_cast<std::uint8_t>(suffix),
          .group = group.is_boolean() && group.get<bool>()};
}

Finding finding_from(const json& value) {
  Finding finding{.id = text_in(value, "id"),
                  .severity = Severity::info,
                  .title = text_in(value, "title"),
                  .evidence = text_in(value, "evidence"),
                  .why = text_in(value, "why"),
                  .fix = text_in(value, "fix")};
  const std::string severity = text_in(value, "severity");
  for (const Severity known : {Severity::low, Severity::medium, Severity::high, Severity::critical}) {
    if (severity == severity_name(known)) finding.severity = known;
  }
  return finding;
}

template <class Item>
std::vector<Item> list_from(const json& value, Item (*read)(const json&)) {
  std::vector<Item> items;
  if (!value.is_array()) return items;
  for (const json& item : value) {
    if (item.is_object()) items.push_back(read(item));
  }
  return items;
}

std::vector<std::string> texts_from(const json& value) {
  std::vector<std::string> texts;
  if (!value.is_array()) return texts;
  for (const json& item : value) {
    if (item.is_string()) texts.push_back(item.get<std::string>());
  }
  return texts;
}

HostFacts facts_from(const json& object) {
  HostFacts host;
  for (const auto& field : text_fields()) host.*field.member = text_in(object, field.name);
  for (const auto& field : fact_fields()) host.*field.member = fact_from(member(object, field.name));
  for (const auto& field : family_fields()) host.*field.member = family_from(member(object, field.name));
  host.clock_skew_s = integer_in(object, "clock_skew_s");
  const json& capabilities = member(object, "capabilities");
  if (capabilities.is_object()) {
    for (const auto& [dialect, family] : capabilities.items()) host.capabilities[dialect] = family_from(family);
  }
  host.shares = list_from<ShareFacts>(member(object, "shares"), share_from);
  host.netbios_names = list_from<NetbiosName>(member(object, "netbios_names"), netbios_name_from);
  host.interfaces = texts_from(member(object, "interfaces"));
  return host;
}

}  // namespace

std::string json_line(const HostFacts& host, std::span<const Finding> findings) {
  json out = identity_of(host);
  for (const auto& field : fact_fields()) out[field.name] = to_json(host.*field.member);
  for (const auto& field : family_fields()) out[field.name] = to_json(host.*field.member);
  json capabilities = json::object();
  for (const auto& [dialect, family] : host.capabilities) capabilities[dialect] = to_json(family);
  out["capabilities"] = std::move(capabilities);
  out["netbios_names"] = list_of(host.netbios_names);
  out["interfaces"] = host.interfaces;
  out["shares"] = list_of(host.shares);
  out["findings"] = list_of(findings);
  return json_with_visible_text(out.dump(-1, ' ', false, json::error_handler_t::replace));
}

std::expected<HostRecord, std::string> from_json_line(std::string_view line) {
  const json object = json::parse(line, nullptr, false);
  if (object.is_discarded()) return std::unexpected("not JSON");
  if (!object.is_object()) return std::unexpected("not a JSON object");
  if (text_in(object, "host").empty()) return std::unexpected("no \"host\" in it: not a line of a scan");
  const auto port = integer_in(object, "port");
  if (!port || *port < 1 || *port > 65535) return std::unexpected("\"port\" is not one of 1 to 65535");

  HostRecord record{.facts = facts_from(object), .findings = {}};
  record.facts.port = static_cast<std::uint16_t>(*port);
  record.findings = list_from<Finding>(member(object, "findings"), finding_from);
  return record;
}

}  // namespace dozo::scan
