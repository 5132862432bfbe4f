// nftables: a table of our own, made anew in one transaction. First match; what we accept, other tables still see.
#include <fmt/format.h>

#include "policy/emit.h"
#include "policy/emit_text.h"
#include "policy/nft_table.h"

namespace dozo::policy {
namespace {

constexpr std::string_view kNftablesFirstLine = "# dozo policy for nftables";
constexpr std::string_view kForget = "table inet dozo\ndelete table inet dozo\n";
constexpr Family kFamilies[] = {Family::v4, Family::v6};
constexpr Protocol kProtocols[] = {Protocol::tcp, Protocol::udp};

std::string set_name(std::string_view name, Family family) {
  return fmt::format("{}_{}", name, family == Family::v4 ? "v4" : "v6");
}
std::string bans_name(Family family, bool live) {
  return fmt::format("{}bans{}", live ? "live_" : "", family == Family::v4 ? 4 : 6);
}
NftSet::Type type_of(Family family) { return family == Family::v4 ? NftSet::Type::v4 : NftSet::Type::v6; }

class TableMaker {
 public:
  TableMaker(const RuleSet& rules, const EmitOptions& options) : rules_(rules), options_(options) {}

  NftTable run() {
    add_sets();
    if (rules_.mode == Mode::perimeter) {
      add_chain("forward", Direction::forward);
    } else {
      add_chain("input", Direction::in);
      add_chain("output", Direction::out);
    }
    return std::move(table_);
  }

 private:
  void add_sets() {
    const std::vector<Bans::Entry> bans = bans_at(rules_.bans, options_.now);
    for (const Family family : kFamilies) {
      for (const auto& [name, set] : rules_.sets) {
        NftSet made{.name = set_name(name, family), .type = type_of(family), .intervals = true};
        for (const AddressRange& range : set.addresses.ranges()) {
          if (range.first.family == family) made.ranges.push_back({range, std::nullopt});
        }
        table_.sets.push_back(std::move(made));
      }
      NftSet banned{.name = bans_name(family, false), .type = type_of(family), .intervals = true, .timeouts = true};
      for (Bans::Entry entry : bans) {
        if (entry.range.first.family != family) continue;
        if (entry.until) *entry.until -= options_.now;
        banned.ranges.push_back(entry);
      }
      table_.sets.push_back(std::move(banned));
      table_.sets.push_back({.name = bans_name(family, true), .type = type_of(family), .timeouts = true});
    }
    for (const auto& [name, macs] : rules_.mac_sets) {
      table_.sets.push_back({.name = name + "_mac", .type = NftSet::Type::mac, .macs = macs});
    }
  }

  void add_chain(std::string_view name, Direction direction) {
    NftChain chain{.name = std::string(name), .hook = nft_hook(name)};
    if (direction != Direction::forward) {
      chain.rules.push_back({.loopback = direction == Direction::in ? "iif" : "oif",
                             .verdict = NftVerdict::accept,
                             .id = std::string(kLoopbackRule)});
    }
    add_bans(chain, direction);
    chain.rules.push_back({.established = true, .verdict = NftVerdict::accept, .id = std::string(kEstablishedRule)});
    for (const Rule* rule : in_order(rules_)) {
      if (rule->direction == direction) add_rule(chain, *rule);
    }
    table_.chains.push_back(std::move(chain));
  }

  // Ahead of what is open. What the banned send, and what would still be sent to them: a session ends in both
  // directions, also when this side has data under way.
  void add_bans(NftChain& chain, Direction direction) {
    for (const Protocol protocol : kProtocols) {
      const PortSet ports = ports_of(rules_.bans.services, protocol);
      if (ports.empty()) continue;
      for (const Family family : kFamilies) {
        for (const bool live : {false, true}) {
          NftRule rule{.protocol = protocol, .ports = ports, .counter = true, .verdict = NftVerdict::drop};
          rule.id = kBansRule;
          for (const bool source : {true, false}) {
            rule.addresses = {{source, family, false, bans_name(family, live)}};
            add_ban(chain, rule, direction);
          }
        }
      }
    }
  }

  static void add_ban(NftChain& chain, NftRule rule, Direction direction) {
    const bool from_them = rule.addresses.front().source;
    // What arrives from the banned asks us or answers us; what leaves for them likewise.
    const bool seen = direction == Direction::forward || from_them == (direction == Direction::in);
    if (!seen) return;
    chain.rules.push_back(rule);
    rule.source_port = rule.replies = true;
    chain.rules.push_back(rule);
  }

  void add_rule(NftChain& chain, const Rule& rule) {
    NftRule line{.protocol = rule.protocol, .ports = rule.ports, .id = rule.id};
    if (!rule.macs.empty()) line.mac_set = rule.macs + "_mac";
    if (rule.from.kind == AddressMatch::Kind::any && rule.to.kind == AddressMatch::Kind::any) {
      return add_secured(chain, rule, line);
    }
    for (const Family family : kFamilies) {
      line.addresses.clear();
      add_end(line, rule.from, true, family);
      add_end(line, rule.to, false, family);
      add_secured(chain, rule, line);
    }
  }

  static void add_end(NftRule& line, const AddressMatch& match, bool source, Family family) {
    if (match.kind == AddressMatch::Kind::any) return;
    line.addresses.push_back({source, family, match.kind == AddressMatch::Kind::not_in, set_name(match.set, family)});
  }

  // What a gateway passes on is protected on the side it came from, or on the one it leaves by.
  static void add_secured(NftChain& chain, const Rule& rule, NftRule line) {
    if (!rule.requires_ipsec()) return add_decided(chain, rule, line);
    for (const std::string_view key : {"meta", "rt"}) {
      if (rule.direction == (key == "meta" ? Direction::out : Direction::in)) continue;
      line.ipsec = key;
      add_decided(chain, rule, line);
    }
  }

  static void add_decided(NftChain& chain, const Rule& rule, NftRule line) {
    if (rule.log || rule.action == Action::log) {
      NftRule logged = line;
      logged.log_prefix = fmt::format("dozo {} {}: ", rule.id, to_string(rule.action));
      chain.rules.push_back(std::move(logged));
    }
    line.counter = true;
    switch (rule.action) {
      case Action::allow:
      case Action::allow_if_secure:
        line.verdict = NftVerdict::accept;
        break;
      case Action::block:
        line.verdict = NftVerdict::drop;
        break;
      case Action::reject:
        line.verdict = rule.protocol == Protocol::tcp ? NftVerdict::reset : NftVerdict::reject;
        break;
      case Action::log:
        return;
    }
    chain.rules.push_back(std::move(line));
  }

  const RuleSet& rules_;
  const EmitOptions& options_;
  NftTable table_;
};

std::string legend(const RuleSet& rules) {
  std::string text;
  for (const Rule& rule : rules.rules) {
    const std::string line = rule.line == 0 ? "" : fmt::format(" (line {})", rule.line);
    text += fmt::format("#   {}{}: {}, {}\n", rule.id, line, to_string(rule.action), rule.name);
  }
  return text;
}

}  // namespace

NftTable nft_table(const RuleSet& rules, const EmitOptions& options) { return TableMaker(rules, options).run(); }

Compiled emit_nftables(const RuleSet& rules, const EmitOptions& options) {
  Compiled compiled;
  compiled.text = fmt::format(
      "{}: {}\n# nft -f this file: the table is made anew in one transaction, and no other table is touched.\n{}{}{}",
      kNftablesFirstLine, rules.title, legend(rules), kForget, to_string(nft_table(rules, options)));
  compiled.undo = std::string(kForget);
  add_gaps_beside_rules(rules, "nftables", compiled);
  if (rules.mode == Mode::perimeter && !rules.bans.services.empty()) {
    compiled.notes.emplace_back("connections in a flowtable pass by every chain: a ban ends them when they leave it");
  }
  return compiled;
}

Parsed<std::unique_ptr<CompiledRules>> parse_nftables(std::string_view text) {
  if (!text.starts_with(kNftablesFirstLine)) return std::unexpected(ParseProblem{1, "not made by dozo policy compile"});
  auto table = nft_table_from_text(text);
  if (!table) return std::unexpected(table.error());
  return std::make_unique<MatchList>(match_lines(*table));
}

Parsed<std::vector<Drift>> read_live_nftables(std::string_view live, const RuleSet& rules, const EmitOptions& options) {
  const auto table = nft_table_from_json(live);
  if (!table) return std::unexpected(table.error());
  return differences(*table, nft_table(rules, options));
}

}  // namespace dozo::policy
