// The table of backends: a row each, of functions in emit_NAME.cc (declared in emit.h).
#include <fmt/format.h>

#include <algorithm>

#include "policy/backend.h"
#include "policy/emit.h"
#include "policy/windows_rules.h"

namespace dozo::policy {
namespace {

constexpr Backend kBackends[] = {
    {.name = "nftables",
     .summary = "Linux, nft",
     .extension = ".nft",
     .host = true,
     .perimeter = true,
     .profiles = false,
     .live_from = "nft -j list table inet dozo",
     .emit = emit_nftables,
     .parse = parse_nftables,
     .read_live = read_live_nftables},
    {.name = "windows",
     .summary = "Windows Defender Firewall, PowerShell",
     .extension = ".ps1",
     .host = true,
     .perimeter = false,
     .profiles = true,
     .live_from = kWindowsLiveFrom,
     .emit = emit_windows,
     .parse = parse_windows,
     .read_live = read_live_windows},
    {.name = "pf",
     .summary = "OpenBSD and FreeBSD, pf",
     .extension = ".conf",
     .host = true,
     .perimeter = true,
     .profiles = false,
     .live_from =
         "pfctl -a dozo -s rules; for t in $(pfctl -a dozo -s Tables); do echo \"table <$t>\"; pfctl -a dozo -t $t "
         "-T show; done",
     .emit = emit_pf,
     .parse = parse_pf,
     .read_live = read_live_pf},
    {.name = "azure",
     .summary = "Azure network security groups, JSON",
     .extension = ".json",
     .host = true,
     .perimeter = true,
     .profiles = false,
     .live_from = "az network nsg rule list --resource-group dozo --nsg-name dozo -o json",
     .emit = emit_azure,
     .parse = parse_azure,
     .read_live = read_live_azure},
    {.name = "routeros",
     .summary = "MikroTik RouterOS",
     .extension = ".rsc",
     .host = true,
     .perimeter = true,
     .profiles = false,
     .live_from = "/export terse",
     .emit = emit_routeros,
     .parse = parse_routeros,
     .read_live = read_live_routeros},
    {.name = "ios",
     .summary = "Cisco IOS, access lists",
     .extension = ".txt",
     .host = false,
     .perimeter = true,
     .profiles = false,
     .live_from = "show running-config",
     .emit = emit_ios,
     .parse = parse_ios,
     .read_live = read_live_ios},
    {.name = "firewalld",
     .summary = "Linux, firewalld",
     .extension = ".sh",
     .host = true,
     .perimeter = true,
     .profiles = false,
     .live_from = "for p in dozo-in dozo-out dozo-forward; do echo policy $p; firewall-cmd --policy=$p "
                  "--list-rich-rules; done; for s in $(firewall-cmd --get-ipsets); do echo ipset $s; firewall-cmd "
                  "--ipset=$s --get-entries; done",
     .emit = emit_firewalld,
     .parse = parse_firewalld,
     .read_live = read_live_firewalld},
};

RuleSet as_known_to(const Backend& backend, const RuleSet& rules, const EmitOptions& options) {
  return backend.profiles ? rules : rules.narrowed_to(options.profile);
}

bool has_mode(const Backend& backend, Mode mode) { return mode == Mode::host ? backend.host : backend.perimeter; }

Gap wrong_mode(const Backend& backend, const RuleSet& rules) {
  return {.lack = Lack::direction,
          .looser = true,
          .text = fmt::format("{} has no rules for {}: nothing was compiled; choose another backend", backend.name,
                              rules.mode == Mode::host ? "a host's own traffic" : "traffic that is passed on")};
}

}  // namespace

std::span<const Backend> backends() { return kBackends; }

const Backend* find_backend(std::string_view name) {
  const auto row = std::ranges::find(kBackends, name, &Backend::name);
  return row == std::ranges::end(kBackends) ? nullptr : row;
}

std::string_view to_string(Lack lack) {
  static constexpr std::string_view kNames[] = {"ipsec",    "mac",    "direction", "established",
                                                "ban-open", "family", "too-many",  "connection-rules"};
  return kNames[static_cast<std::size_t>(lack)];
}

bool explains(const Gap& gap, const Flow& flow, std::string_view rule) {
  if (!gap.rule.empty() && gap.rule != rule) return false;
  return (!gap.protocol || *gap.protocol == flow.protocol) && (!gap.only_established || flow.established);
}

bool is_harmless(const Gap& gap) { return gap.only_established && !gap.looser; }

Compiled compile(const Backend& backend, const RuleSet& rules, const EmitOptions& options) {
  if (!has_mode(backend, rules.mode)) return {.gaps = {wrong_mode(backend, rules)}};
  return backend.emit(as_known_to(backend, rules, options), options);
}

Parsed<std::vector<Drift>> drift(const Backend& backend, std::string_view live, const RuleSet& rules,
                                 const EmitOptions& options) {
  if (!has_mode(backend, rules.mode)) return std::unexpected(ParseProblem{0, wrong_mode(backend, rules).text});
  return backend.read_live(live, as_known_to(backend, rules, options), options);
}

}  // namespace dozo::policy
