// The table of ours as `nft -j list table inet dozo` prints it. What it holds beside what dozo writes is kept as text,
// so that it shows as drift.
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "policy/emit_text.h"
#include "policy/nft_table.h"

namespace dozo::policy {
namespace {

using Json = nlohmann::json;

std::string text_at(const Json& object, const char* key) {
  const auto found = object.is_object() ? object.find(key) : object.end();
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

// "10.0.0.1", {"prefix": {…}}, {"range": […]}, or {"elem": {"val": …, "timeout": …}}.
bool add_element(NftSet& set, const Json& element) {
  if (element.is_object() && element.contains("elem")) {
    const Json& inner = element["elem"];
    if (!inner.is_object() || !inner.contains("val") || !add_element(set, inner["val"])) return false;
    if (set.type != NftSet::Type::mac && inner.contains("expires") && inner["expires"].is_number_integer()) {
      set.ranges.back().until = inner["expires"].get<std::int64_t>();
    }
    return true;
  }
  std::string text;
  if (element.is_string()) {
    text = element.get<std::string>();
  } else if (element.is_object() && element.contains("prefix") && element["prefix"].contains("len")) {
    text = fmt::format("{}/{}", text_at(element["prefix"], "addr"), element["prefix"]["len"].dump());
  } else if (element.is_object() && element.contains("range") && element["range"].size() == 2) {
    text = fmt::format("{}-{}", element["range"][0].get<std::string>(), element["range"][1].get<std::string>());
  }
  if (set.type == NftSet::Type::mac) {
    const auto mac = mac_from_string(text);
    if (mac) set.macs.push_back(*mac);
    return mac.has_value();
  }
  const auto range = range_from_string(text);
  if (range) set.ranges.push_back({*range, std::nullopt});
  return range.has_value();
}

Parsed<NftSet> set_from(const Json& object) {
  NftSet set{.name = text_at(object, "name")};
  const std::string type = text_at(object, "type");
  if (type == "ipv6_addr") set.type = NftSet::Type::v6;
  if (type == "ether_addr") set.type = NftSet::Type::mac;
  if (!object.contains("elem")) return set;
  for (const Json& element : object["elem"]) {
    if (!add_element(set, element)) {
      return std::unexpected(ParseProblem{0, fmt::format("set {}: {} is no element", set.name, element.dump())});
    }
  }
  return set;
}

// 445, {"range": [137, 138]} or {"set": […]} of them.
std::optional<PortSet> ports_from_json(const Json& right) {
  if (right.is_number_unsigned()) return ports_from(right.dump());
  if (right.is_object() && right.contains("range") && right["range"].size() == 2) {
    return ports_from(fmt::format("{}-{}", right["range"][0].dump(), right["range"][1].dump()));
  }
  if (!right.is_object() || !right.contains("set")) return std::nullopt;
  PortSet all;
  for (const Json& member : right["set"]) {
    const auto ports = ports_from_json(member);
    if (!ports) return std::nullopt;
    all = all.united(*ports);
  }
  return all;
}

bool read_payload(NftRule& rule, const Json& payload, const std::string& op, const Json& right) {
  const std::string protocol = text_at(payload, "protocol"), field = text_at(payload, "field");
  const std::string set = right.is_string() ? without_prefix(right.get<std::string>(), "@").value_or("") : "";
  const bool address = field == "saddr" || field == "daddr";
  if (address && !set.empty() && (protocol == "ip" || protocol == "ip6")) {
    rule.addresses.push_back({field == "saddr", protocol == "ip" ? Family::v4 : Family::v6, op == "!=", set});
    return op == "==" || op == "!=";
  }
  if (op != "==") return false;
  if (protocol == "ether" && field == "saddr" && !set.empty()) {
    rule.mac_set = set;
    return true;
  }
  const auto ports = ports_from_json(right);
  const auto known = protocol_from_string(protocol);
  if (!ports || !known || (field != "sport" && field != "dport")) return false;
  rule.protocol = known;
  rule.source_port = field == "sport";
  rule.ports = *ports;
  return true;
}

bool read_match(NftRule& rule, const Json& match) {
  if (!match.contains("left") || !match.contains("right")) return false;
  const Json &left = match["left"], &right = match["right"];
  const std::string op = text_at(match, "op");
  if (left.contains("payload")) return read_payload(rule, left["payload"], op, right);
  if (left.contains("ct")) {
    const std::string key = text_at(left["ct"], "key");
    if (key == "state" && right == Json{"established", "related"}) return rule.established = true;
    if (key == "direction" && right == Json("reply")) return rule.replies = true;
    return false;
  }
  if (op != "==") return false;
  for (const char* kind : {"meta", "rt"}) {
    if (!left.contains(kind)) continue;
    const std::string key = text_at(left[kind], "key");
    if (key == "ipsec" && right == Json(true)) {
      rule.ipsec = kind;
      return true;
    }
    if ((key == "iif" || key == "oif") && right == Json("lo")) {
      rule.loopback = key;
      return true;
    }
  }
  return false;
}

bool read_verdict(NftRule& rule, const Json& statement) {
  if (statement.contains("accept")) {
    rule.verdict = NftVerdict::accept;
  } else if (statement.contains("drop")) {
    rule.verdict = NftVerdict::drop;
  } else if (statement.contains("reject")) {
    const Json& how = statement["reject"];
    const bool reset = text_at(how, "type") == "tcp reset";
    const bool plain = how.is_null() || (text_at(how, "type") == "icmpx" && text_at(how, "expr") == "port-unreachable");
    if (!reset && !plain) return false;
    rule.verdict = reset ? NftVerdict::reset : NftVerdict::reject;
  } else {
    return false;
  }
  return true;
}

bool read_statement(NftRule& rule, const Json& statement) {
  if (!statement.is_object()) return false;
  if (statement.contains("match")) return read_match(rule, statement["match"]);
  if (statement.contains("counter")) return rule.counter = true;
  if (statement.contains("log")) {
    rule.log_prefix = text_at(statement["log"], "prefix");
    return !rule.log_prefix.empty();
  }
  if (statement.contains("limit")) {
    const Json& limit = statement["limit"];
    return limit.value("rate", 0) == 10 && limit.value("burst", 0) == 20 && text_at(limit, "per") == "second";
  }
  return read_verdict(rule, statement);
}

NftRule rule_from(const Json& object) {
  NftRule rule;
  const std::string comment = text_at(object, "comment");
  rule.id = without_prefix(comment, kNftTag).value_or("");
  if (rule.id.empty()) rule.other = "(not of dozo)";
  if (!object.contains("expr")) return rule;
  for (const Json& statement : object["expr"]) {
    if (!read_statement(rule, statement)) rule.other += (rule.other.empty() ? "" : " ") + statement.dump();
  }
  return rule;
}

NftChain chain_from(const Json& object) {
  const std::string name = text_at(object, "name");
  return {.name = name,
          .hook = fmt::format("type {} hook {} priority {}; policy {};", text_at(object, "type"),
                              text_at(object, "hook"), object.value("prio", 0), text_at(object, "policy"))};
}

std::optional<ParseProblem> add_object(NftTable& table, const Json& object) {
  if (object.contains("set")) {
    auto set = set_from(object["set"]);
    if (!set) return set.error();
    table.sets.push_back(std::move(*set));
  }
  if (object.contains("chain")) table.chains.push_back(chain_from(object["chain"]));
  if (object.contains("rule")) {
    const std::string chain = text_at(object["rule"], "chain");
    for (NftChain& there : table.chains) {
      if (there.name == chain) there.rules.push_back(rule_from(object["rule"]));
    }
  }
  return std::nullopt;
}

}  // namespace

Parsed<NftTable> nft_table_from_json(std::string_view json) {
  const Json root = Json::parse(json, nullptr, false);
  if (!root.is_object() || !root.contains("nftables") || !root["nftables"].is_array()) {
    return std::unexpected(ParseProblem{0, "not what `nft -j list table inet dozo` prints"});
  }
  NftTable table;
  for (const Json& object : root["nftables"]) {
    if (!object.is_object()) continue;
    if (auto problem = add_object(table, object)) return std::unexpected(*problem);
  }
  return table;
}

}  // namespace dozo::policy
